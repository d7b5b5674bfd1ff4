"""Recordings as they go into a prompt of a model that hears: one channel at 16 kHz, as FLAC.

Runs in a worker's process: what decodes a hostile file may take any time and memory.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from engine.errors import KnownError

MOST_SECONDS = 300.0
"""Models hear less at once; those that hear more are not known."""


@dataclass(frozen=True)
class Prepared:
    part: bytes


def prepared(given: tuple[str, str]) -> Prepared:
    """given: path and name.

    Raises:
        KnownError: it is no sound that can be read, holds none, or is too long.
    """
    import soundfile

    from engine.speech.sound import RATE
    from engine.vision.clip import open_clip

    path, name = given
    try:
        samples = open_clip(Path(path), MOST_SECONDS)
    except KnownError as error:
        said = error.sentence if name in error.sentence else f"{name} cannot be read."
        raise KnownError(said, error.next_step) from error
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, format="FLAC", subtype="PCM_16")
    return Prepared(file.getvalue())
