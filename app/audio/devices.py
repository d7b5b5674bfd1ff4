"""Microphones through PortAudio (sounddevice). Thin: everything that decides is in recorder.py, with a fake for this.

The stream's callback runs on PortAudio's thread and only copies into the ring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from engine.errors import KnownError

_BLOCK = 0.02
"""Seconds that the device hands over at a time, if it likes."""
_NO_MICROPHONE = "Connect one, or choose another in Settings."


@dataclass(frozen=True)
class Device:
    """name is what stays the same when others come and go. channels: that it records; rate: its own."""

    name: str
    channels: int
    rate: int
    is_default: bool = False


class Stream(Protocol):
    def stop(self) -> None:
        """No callback comes after it has returned."""

    @property
    def alive(self) -> bool:
        """False when the device is gone."""


class Microphones(Protocol):
    def devices(self) -> list[Device]:
        """Those that can record, as they are now."""

    def open(self, device: Device, heard: Callable[[memoryview], None]) -> Stream:
        """Starts. heard: gets interleaved 16-bit samples on the device's own thread.

        Raises:
            KnownError: it cannot be opened.
        """


class PortAudio:
    """Raises KnownError when there is no PortAudio."""

    def devices(self) -> list[Device]:
        library = _library()
        library._terminate()  # the list is made when it starts: so it is that of now
        library._initialize()
        default = library.default.device[0]
        return [
            Device(one["name"], min(2, one["max_input_channels"]), int(one["default_samplerate"]), number == default)
            for number, one in enumerate(library.query_devices())
            if one["max_input_channels"] > 0
        ]

    def open(self, device: Device, heard: Callable[[memoryview], None]) -> Stream:
        library = _library()

        def callback(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            heard(memoryview(data))

        try:
            stream = library.RawInputStream(
                samplerate=device.rate,
                blocksize=int(device.rate * _BLOCK),
                device=device.name,
                channels=device.channels,
                dtype="int16",
                callback=callback,
            )
            stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise KnownError(f"The microphone {device.name} cannot be opened: {error}.", _NO_MICROPHONE) from error
        return _Running(stream)


class _Running:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def stop(self) -> None:
        self._stream.close(ignore_errors=True)

    @property
    def alive(self) -> bool:
        return bool(self._stream.active)


def chosen(devices: list[Device], name: str | None) -> Device:
    """The one of that name; if it is not there, the default one, or the first.

    Raises:
        KnownError: there is none.
    """
    ranked = sorted(devices, key=lambda one: (one.name != name, not one.is_default))
    if not ranked:
        raise KnownError("There is no microphone.", _NO_MICROPHONE)
    return ranked[0]


def _library() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: it is there, PortAudio is not
        remedy = "Install it: `apt install libportaudio2` on Debian, else install Cadre anew."
        raise KnownError("PortAudio, which records sound, is missing.", remedy) from error
    return sounddevice
