"""Speech and what is none, at 16 kHz. Test support."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.speech.media import SoundFile
from engine.speech.sound import RATE, Samples

CLIPS = Path(__file__).parent / "clips"
MODERN = CLIPS / "LJ001-0002.flac"  # "in being comparatively modern."
SURPASSED = CLIPS / "LJ001-0008.flac"  # "has never been surpassed."


def samples_of(path: Path) -> Samples:
    return np.concatenate(list(SoundFile(path).pieces()))


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.float32)


def noise(seconds: float, loud: float = 0.1, seed: int = 0) -> Samples:
    return (np.random.default_rng(seed).standard_normal(int(seconds * RATE)) * loud).astype(np.float32)


def hum(seconds: float) -> Samples:
    """A mains transformer: 50 Hz and its harmonics."""
    at = np.arange(int(seconds * RATE)) / RATE
    return np.asarray(sum(0.1 * np.sin(2 * np.pi * 50 * n * at) / n for n in range(1, 8)), np.float32)


def tone(seconds: float, hertz: float = 440.0) -> Samples:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def clatter(seconds: float, seed: int = 1) -> Samples:
    """Keys: short bursts that fade, ten a second, some loud."""
    rng = np.random.default_rng(seed)
    sound = silence(seconds)
    for start in rng.integers(0, len(sound) - 1000, int(seconds * 10)):
        length = int(rng.integers(100, 900))
        fading = np.exp(-np.arange(length) / rng.uniform(20, 150)) * rng.uniform(0.05, 0.9)
        sound[start : start + length] += (rng.standard_normal(length) * fading).astype(np.float32)
    return np.clip(sound, -1, 1)
