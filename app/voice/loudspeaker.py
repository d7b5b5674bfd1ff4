"""Plays sound through PortAudio (sounddevice). Thin; one sound at a time. No loudspeaker was at hand to try it with."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from app.voice.voices import Spoken
from engine.errors import KnownError

_INSTEAD = "Connect a loudspeaker, or write a file: `cadre say --out speech.wav`."


class PortAudio:
    def __init__(self) -> None:
        self._silent = threading.Event()
        self._silent.set()
        self._stream: Any = None

    def start(self, spoken: Spoken) -> None:
        library = _library()
        self._close()
        left = spoken.samples

        def give(out: Any, frames: int, _time: Any, _status: Any) -> None:
            """On PortAudio's thread."""
            nonlocal left
            now, left = left[:frames], left[frames:]
            out[: len(now), 0] = now
            out[len(now) :] = 0
            if not len(left):
                raise library.CallbackStop

        try:
            self._stream = library.OutputStream(
                samplerate=spoken.rate,
                channels=1,
                dtype=np.float32,
                callback=give,
                finished_callback=self._silent.set,
            )
            self._silent.clear()
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            self._silent.set()
            raise KnownError("There is no loudspeaker to speak through.", _INSTEAD) from error

    def wait(self) -> None:
        self._silent.wait()

    def stop(self) -> None:
        self._close()
        self._silent.set()

    def _close(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close(ignore_errors=True)


def play(spoken: Spoken) -> None:
    """Until it is over. Raises KnownError: nothing to play through. KeyboardInterrupt stops it."""
    loudspeaker = PortAudio()
    try:
        loudspeaker.start(spoken)
        loudspeaker.wait()
    finally:
        loudspeaker.stop()


def _library() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise KnownError("PortAudio, which plays sound, is missing.", _INSTEAD) from error
    return sounddevice
