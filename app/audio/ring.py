"""A buffer between the device's thread, which may never wait, and ours. One writer, one reader, no lock.

Each side moves only its own count, and a count is moved after the samples are in place. What does not fit is dropped
and counted: a reader that sleeps loses sound, never the device's thread.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class Ring:
    """Frames of interleaved 16-bit samples."""

    def __init__(self, frames: int, channels: int) -> None:
        self._buffer = np.zeros((frames, channels), np.int16)
        self._written = self._read = 0
        self.lost = 0
        """Frames that did not fit."""

    def write(self, data: memoryview | bytes) -> None:
        """On the device's thread: copies, nothing else."""
        size, channels = self._buffer.shape
        frames = np.frombuffer(data, np.int16).reshape(-1, channels)
        free = size - (self._written - self._read)
        if len(frames) > free:
            self.lost += len(frames) - free
            frames = frames[:free]
        at = self._written % size
        first = min(len(frames), size - at)
        self._buffer[at : at + first] = frames[:first]
        self._buffer[: len(frames) - first] = frames[first:]
        self._written += len(frames)

    def read(self) -> npt.NDArray[np.int16]:
        """[frames, channels], all there is, copied."""
        size = len(self._buffer)
        written = self._written
        at, count = self._read % size, written - self._read
        first = min(count, size - at)
        frames = np.concatenate([self._buffer[at : at + first], self._buffer[: count - first]])
        self._read = written
        return frames
