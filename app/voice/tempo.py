"""Faster or slower speech at the same pitch: waveform similarity overlap-add (Verhelst and Roelands, 1993). Pure.

Pieces of 30 ms are laid over each other by half; each is taken from about where it should be, just there where it goes
on best from the one before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_PIECE = 0.03
_SEARCH = 0.008
"""Seconds: of a piece, and how far from its place it may be taken; a period of a deep voice at least."""


def paced(samples: Samples, rate: int, speed: float) -> Samples:
    """speed: 2 is twice as fast, half as long. Of 1 the samples themselves."""
    step = round(_PIECE * rate / 2)
    if speed == 1 or len(samples) < 4 * step:
        return samples
    search = round(_SEARCH * rate)
    window = np.sin(np.pi * (np.arange(2 * step) + 0.5) / (2 * step)) ** 2  # two that overlap by half add up to one
    sound = np.concatenate([np.zeros(search), samples, np.zeros(4 * step + 2 * search)])
    length = round(len(samples) / speed)
    out = np.zeros(length + 3 * step)
    out[:step] = sound[search : search + step] * (1 - window[:step])  # what fades in begins at full strength
    at = search
    for place in range(0, length, step):
        out[place : place + 2 * step] += sound[at : at + 2 * step] * window
        wanted = min(search + round((place + step) * speed), len(sound) - 2 * step - search)
        at = _best(sound, at + step, wanted, search, step)
    return out[:length].astype(np.float32)


def _best(sound: npt.NDArray[np.float64], natural: int, wanted: int, search: int, step: int) -> int:
    """Where, near `wanted`, the sound goes on most like it does at `natural`."""
    like = sound[natural : natural + step]
    region = sound[wanted - search : wanted + search + step]
    if len(like) < step or not like.any():
        return wanted
    return int(wanted - search + np.argmax(np.correlate(region, like)))
