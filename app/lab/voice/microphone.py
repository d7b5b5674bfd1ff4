"""A microphone that plays what it is given, in place of a device. The thread that calls `play` is the device's."""

from __future__ import annotations

from collections.abc import Callable

from app.audio.devices import Device

RATE, CHANNELS = 48_000, 2


class Played:
    """Keeps app.audio.devices.Microphones."""

    def __init__(self) -> None:
        self._heard: Callable[[memoryview], None] | None = None

    def devices(self) -> list[Device]:
        return [Device("Played", CHANNELS, RATE, is_default=True)]

    def open(self, device: Device, heard: Callable[[memoryview], None]) -> _Stream:
        self._heard = heard
        return _Stream(self)

    def play(self, frames: memoryview) -> None:
        """Interleaved 16-bit frames; dropped when nobody listens."""
        if self._heard is not None:
            self._heard(frames)

    def stop(self) -> None:
        self._heard = None


class _Stream:
    alive = True

    def __init__(self, played: Played) -> None:
        self._played = played

    def stop(self) -> None:
        self._played.stop()
