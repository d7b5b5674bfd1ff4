"""One recording: from the device through the ring to 16 kHz, to disk, and on to whoever listens. No thread of its own.

Its owner calls `pump` some twenty times a second, on the thread it likes; only the ring is touched by the device. A
device that goes is replaced by another, in the same recording. The clock and the microphones are given, so that tests
need neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from app.audio.devices import Device, Microphones, Stream, chosen
from app.audio.ring import Ring
from app.audio.spool import Recording, Spool, Writing
from engine.errors import KnownError
from engine.speech.resample import Resampler
from engine.speech.sound import RATE, Samples, as_pcm

_RING_SECONDS = 30.0
"""That whoever pumps may stand still without a word being lost; 6 MB at 48 kHz in stereo, taken as they are filled."""
_MUTE_AFTER = 0.5
"""Seconds of nothing but zeros until that is said: a real microphone always rustles."""
_GONE_AFTER = 2.0
"""Seconds without any sound until the device counts as gone, as after sleep."""
_AGAIN_AFTER = 1.0
"""Seconds between two tries to find another device."""
_FLOOR = -60.0  # dB that the meter shows as nothing
_NOTHING_HEARD = "The microphone gives only silence."
_MAYBE_MUTED = "Switch it on, turn it up, or let Cadre use it in the system's privacy settings."


@dataclass(frozen=True)
class Heard:
    """Since the last pump. pcm: 16-bit at 16 kHz, for the engine. level: 0 to 1, in even steps of loudness.

    warning: a sentence when something is wrong with the device now; empty: nothing. lost: samples dropped, in all.
    """

    pcm: bytes
    level: float
    warning: str
    device: str
    lost: int


@dataclass
class _Source:
    """The device now open."""

    device: Device
    ring: Ring
    resampler: Resampler
    stream: Stream
    last_sound: float


@dataclass
class Recorder:
    """start, pump ..., stop. `cancel` instead of stop leaves nothing on disk."""

    microphones: Microphones
    spool: Spool
    wanted: str | None = None
    clock: Callable[[], float] = time.monotonic
    deaf: bool = False
    """What comes is dropped, as while an answer is read aloud beside the microphone."""
    _source: _Source | None = field(default=None, init=False)
    _writing: Writing | None = field(default=None, init=False)
    _zeros: float = field(default=0.0, init=False)
    _lost: int = field(default=0, init=False)
    _pending: bytes = field(default=b"", init=False)
    _tried: float = field(default=0.0, init=False)
    _gone: str = field(default="", init=False)

    def start(self) -> Device:
        """Raises KnownError: no microphone, or no place to keep what it hears."""
        assert self._writing is None, "one recording at a time"
        device = chosen(self.microphones.devices(), self.wanted)
        self._writing = self.spool.begin()
        try:
            self._open(device)
        except KnownError:
            self._writing.close().accept()
            self._writing = None
            raise
        return device

    def pump(self) -> Heard:
        """What came since the last time, already on disk. Never raises for a device that goes; it says so instead.

        Raises:
            KnownError: the disk takes no more. What was written is kept; stop the recording.
        """
        assert self._writing is not None
        before, samples = self._taken_pending(), self._take()
        samples = samples[:0] if self.deaf else samples
        pcm = as_pcm(samples)
        self._writing.append(pcm)
        warning = self._replace_if_gone() or self._about_silence(samples)
        name = self._source.device.name if self._source else ""
        lost = self._lost + (self._source.ring.lost if self._source else 0)
        return Heard(before + pcm + self._taken_pending(), level(samples), warning, name, lost)

    def change(self, name: str | None) -> None:
        """Another microphone from now on, in the same recording. Raises KnownError."""
        self.wanted = name
        if self._writing is not None:
            self._finish_source()  # first: the list of devices cannot be made anew while one is open
            self._open(chosen(self.microphones.devices(), name))

    def so_far(self) -> bytes:
        """All that `pump` has given until now, from disk: for an engine that starts anew."""
        assert self._writing is not None
        return self._writing.pcm()

    def stop(self) -> tuple[Recording, bytes]:
        """The recording, and the last of its sound that `pump` has not given."""
        assert self._writing is not None
        writing, self._writing = self._writing, None
        rest = self._rest()
        try:
            writing.append(rest)
        finally:
            recording = writing.close()
        return recording, self._taken_pending() + rest

    def cancel(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            self._close_source()
            self._pending = b""
            writing.close().accept()

    # --- the device ---------------------------------------------------------------------------------------

    def _open(self, device: Device) -> None:
        ring = Ring(int(device.rate * _RING_SECONDS), device.channels)
        stream = self.microphones.open(device, ring.write)
        self._source = _Source(device, ring, Resampler(device.rate, RATE), stream, self.clock())
        self._zeros = 0.0

    def _take(self) -> Samples:
        source = self._source
        if source is None:
            return np.zeros(0, np.float32)
        frames = source.ring.read()
        if len(frames):
            source.last_sound = self.clock()
        return source.resampler.feed((frames.astype(np.float32) / 32_768).mean(axis=1))

    def _close_source(self) -> Samples:
        source = self._source
        if source is None:
            return np.zeros(0, np.float32)
        source.stream.stop()
        rest = np.concatenate([self._take(), source.resampler.end()])
        self._lost += source.ring.lost
        self._source = None
        return rest

    def _rest(self) -> bytes:
        rest = self._close_source()
        return as_pcm(rest[:0] if self.deaf else rest)

    def _finish_source(self) -> None:
        """What the device gave last is on disk; the next pump hands it on."""
        rest = self._rest()
        assert self._writing is not None
        self._writing.append(rest)
        self._pending += rest

    def _taken_pending(self) -> bytes:
        pending, self._pending = self._pending, b""
        return pending

    def _replace_if_gone(self) -> str:
        source = self._source
        if source is not None and source.stream.alive and self.clock() - source.last_sound < _GONE_AFTER:
            return ""
        if source is None and self.clock() - self._tried < _AGAIN_AFTER:
            return self._gone
        before = source.device.name if source is not None else "The microphone"
        self._finish_source()
        self._tried = self.clock()
        try:
            device = chosen(self.microphones.devices(), self.wanted)
            self._open(device)
        except KnownError as error:
            self._gone = str(error)
            return self._gone
        return f"{before} is gone; {device.name} goes on." if device.name != before else ""

    def _about_silence(self, samples: Samples) -> str:
        """Exact zeros are a muted device or a denied one: neither gives an error."""
        if np.any(samples):
            self._zeros = 0.0
        else:
            self._zeros += len(samples) / RATE
        return f"{_NOTHING_HEARD} {_MAYBE_MUTED}" if self._zeros >= _MUTE_AFTER else ""


def level(samples: Samples) -> float:
    """Root mean square in decibels, from -60 (0) to 0 (1)."""
    if not len(samples):
        return 0.0
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    decibels = 10 * np.log10(max(power, 1e-12))
    return float(np.clip(1 - decibels / _FLOOR, 0.0, 1.0))
