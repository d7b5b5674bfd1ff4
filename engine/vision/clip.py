"""Opens what was given as a sound for a model that hears, in bounded time and memory. Knows neither models nor MLX.

What is too long is refused by its header where it has one, else after reading one second more than may be heard.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.checkpoint.safetensors import shown
from engine.errors import KnownError
from engine.speech.sound import RATE, Samples

_LEAST = RATE // 50
"""Samples; a shorter sound gives the encoders nothing to work on."""


def open_clip(source: Path | bytes, most_seconds: float) -> Samples:
    """One channel, 16,000 samples a second.

    Raises:
        KnownError: it is missing, no sound, holds none, or is longer than the model hears at once.
    """
    from engine.speech.media import SoundFile

    name = "This sound" if isinstance(source, bytes) else shown(source.name)
    file = SoundFile(source)
    try:
        if file.about.seconds > most_seconds:
            raise _too_long(name, file.about.seconds, most_seconds)
        pieces, samples = [], 0
        for piece in file.pieces():
            pieces.append(piece)
            samples += len(piece)
            if samples > most_seconds * RATE:
                raise _too_long(name, 0.0, most_seconds)
    finally:
        file.close()
    if samples < _LEAST:
        raise KnownError(f"{name} holds no sound.", "Record or download it again.")
    return np.ascontiguousarray(np.concatenate(pieces), np.float32)


def _too_long(name: str, seconds: float, most: float) -> KnownError:
    length = f" ({_words(seconds)})" if seconds else ""
    return KnownError(
        f"{name} is too long{length}: the model hears at most {_words(most)} at once.",
        "Cut out the part that matters, or write it down first: cadre transcribe.",
    )


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.0f} hours"
