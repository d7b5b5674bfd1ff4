"""From any sample rate to another, piece by piece: a polyphase filter that remembers what the next piece needs.

However a sound is cut into pieces, what comes out is the same to the last bit but for the rounding of float32 sums.
The filter is a windowed sinc (Kaiser, about 80 dB down) that cuts below the lower of the two Nyquist rates.
"""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from engine.speech.sound import Samples

_CROSSINGS = 16
"""Zero crossings of the sinc on each side: more cut more sharply and cost more."""
_BETA = 8.0
_PASSED = 0.94
"""Share of the lower Nyquist rate at which the filter's middle lies; above it nothing may fold back."""


class Resampler:
    """One stream of sound, one channel. Not for several threads at once."""

    def __init__(self, rate: int, to: int) -> None:
        common = gcd(rate, to)
        self._up, self._down = to // common, rate // common
        self._filter = _filter(self._up, self._down)
        self._half = len(self._filter) // 2
        self._reach = self._half // self._up + 1  # input samples that an output sample looks back on and ahead to
        self._tail: Samples = np.zeros(self._reach, np.float32)  # as if silence had come before
        self._first = -self._reach  # which input sample the tail begins with
        self._taken = self._made = 0

    def feed(self, samples: Samples) -> Samples:
        """What can be told with these samples; up to a few milliseconds stay until more come or `end`."""
        if self._up == self._down:
            return samples
        self._taken += len(samples)
        return self._until(samples, max(0, (self._taken - self._reach) * self._up // self._down))

    def end(self) -> Samples:
        """The rest, as if silence followed. Afterwards a new stream begins."""
        if self._up == self._down:
            return np.zeros(0, np.float32)
        rest = self._until(np.zeros(2 * self._reach, np.float32), -(-self._taken * self._up // self._down))
        self._tail, self._first = np.zeros(self._reach, np.float32), -self._reach
        self._taken = self._made = 0
        return rest

    def _until(self, samples: Samples, end: int) -> Samples:
        """Output samples from the last made one to `end`, exclusive."""
        from scipy.signal import upfirdn

        self._tail = np.concatenate([self._tail, samples])
        if end <= self._made:
            return np.zeros(0, np.float32)
        begin = max(0, self._made * self._down // self._up - self._reach - self._first)
        start = self._first + begin
        last = (end - 1) * self._down // self._up + self._reach + 1
        ahead = self._made * self._down - start * self._up + self._half  # of the first wanted, on the finer grid
        shift = -ahead % self._down  # zeros before the filter move it onto the grid that upfirdn keeps
        taps = np.concatenate([np.zeros(shift, np.float32), self._filter])
        sound = upfirdn(taps, self._tail[begin : last - self._first], self._up, self._down)
        place = (ahead + shift) // self._down
        made = sound[place : place + end - self._made]
        self._tail, self._first, self._made = self._tail[begin:], start, end
        return np.asarray(made, np.float32)


def _filter(up: int, down: int) -> npt.NDArray[np.float32]:
    slower = max(up, down)
    half = _CROSSINGS * slower
    at = np.arange(-half, half + 1) * _PASSED / slower
    taps = np.sinc(at) * np.kaiser(2 * half + 1, _BETA)
    return np.asarray(taps * up / taps.sum(), np.float32)
