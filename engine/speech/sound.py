"""What sound is inside Cadre: 16,000 samples a second, one channel, float32, -1 to 1. Knows no device and no file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 16_000
"""Samples per second; what voice activity and every recogniser here take."""
Samples = npt.NDArray[np.float32]
"""[samples], one channel at RATE."""
_FULL = 32_767


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def as_pcm(samples: Samples) -> bytes:
    """16-bit little-endian; what is louder than full is cut."""
    return (np.clip(samples, -1.0, 1.0) * _FULL).astype("<i2").tobytes()


def from_pcm(pcm: bytes) -> Samples:
    """Of 16-bit little-endian. An odd last byte, of a write that was cut off, is left out."""
    return (np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2") / _FULL).astype(np.float32)
