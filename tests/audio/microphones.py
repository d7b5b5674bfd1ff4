"""Microphones that do as told. Test support."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import KnownError


class Microphones:
    """Fake. `say` plays a sound into the open device."""

    def __init__(self, *devices):
        self.present = list(devices)
        self.open_now: Any = None
        self.heard: Any = None
        self.opened = []

    def devices(self):
        assert self.open_now is None, "the list cannot be made anew while a device is open"
        return list(self.present)

    def open(self, device, heard):
        self.opened.append(device.name)
        if device not in self.present:
            raise KnownError("It is gone.", "Connect it.")
        self.open_now, self.heard = device, heard
        return _Stream(self)

    def say(self, samples):
        frames = np.repeat((samples * 32_767).astype(np.int16)[:, None], self.open_now.channels, axis=1)
        self.heard(memoryview(frames.tobytes()))


class _Stream:
    def __init__(self, microphones):
        self._microphones = microphones
        self._device = microphones.open_now

    def stop(self):
        self._microphones.open_now = None

    @property
    def alive(self):
        return self._device in self._microphones.present


def wave(seconds, rate, loud=0.3):
    return (loud * np.sin(2 * np.pi * 300 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)
