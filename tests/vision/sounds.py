"""Sounds as files would hold them, drawn at random. Test support."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 16_000


def noise(seconds: float, seed: int = 0) -> npt.NDArray[np.float32]:
    return (0.2 * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def wav(path: Path, samples: npt.NDArray[np.float32], rate: int = RATE) -> Path:
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def heard(path: Path) -> npt.NDArray[np.float32]:
    """What a file at 16 kHz holds."""
    samples: npt.NDArray[np.float32] = soundfile.read(path, dtype="float32")[0]
    return samples
