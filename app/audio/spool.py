"""What was recorded, on disk from its first second until its words are accepted. Any thread; one writer per recording.

A recording is one file of raw 16-bit samples at 16 kHz, readable by its owner only. It is never renamed or closed in a
way that matters: what has been written is there after a crash, and a last odd byte is left out when it is read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KnownError
from engine.models import places
from engine.speech.sound import RATE

_SUFFIX = ".pcm"
_BYTES_PER_SECOND = 2 * RATE


def folder() -> Path:
    return places.home() / "dictations"


@dataclass(frozen=True)
class Recording:
    """What is on disk. begun: seconds since 1970."""

    path: Path
    begun: float

    @property
    def seconds(self) -> float:
        return self.path.stat().st_size / _BYTES_PER_SECOND

    def pcm(self) -> bytes:
        return self.path.read_bytes()

    def accept(self) -> None:
        """Its words are where they belong: the sound goes."""
        self.path.unlink(missing_ok=True)


class Writing:
    """A recording that grows. Every `append` has reached the system when it returns."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._path = path

    def append(self, pcm: bytes) -> None:
        """Raises KnownError: the disk is full or gone."""
        left = memoryview(pcm)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            raise KnownError(
                f"What you say cannot be kept on disk: {error.strerror}.", "Free some space; what was said is kept."
            ) from error

    def pcm(self) -> bytes:
        return self._path.read_bytes()

    def close(self) -> Recording:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        return _recording(self._path)


class Spool:
    def __init__(self, where: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.folder = where or folder()
        self._clock = clock

    def begin(self) -> Writing:
        """Raises KnownError: there is no place to write."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            at = int(self._clock() * 1000)
            while (path := self.folder / f"{at}{_SUFFIX}").exists():
                at += 1
            return Writing(path)
        except OSError as error:
            raise KnownError(
                f"Recordings cannot be kept in {self.folder}: {error.strerror}.", "Check the disk and who may write."
            ) from error

    def left(self) -> list[Recording]:
        """Whose words were never accepted, as after a crash; the oldest first. Empty ones are removed."""
        found = [_recording(path) for path in self.folder.glob(f"*{_SUFFIX}") if path.stem.isdigit()]
        for empty in [one for one in found if not one.path.stat().st_size]:
            empty.accept()
        return sorted((one for one in found if one.path.exists()), key=lambda one: one.begun)


def _recording(path: Path) -> Recording:
    return Recording(path, int(path.stem) / 1000)
