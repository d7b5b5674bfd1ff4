"""Which recogniser is meant by a name: the one that comes with the machine or with Cadre, or a model's folder.

Imports each only when it is wanted. Engine thread.
"""

from __future__ import annotations

import sys

from engine.speech.recogniser import Recogniser
from engine.speech.speech_folder import kind, read_config

EMBEDDED = ""
EMBEDDED_BYTES = 220_000_000
"""PocketSphinx with its English model, twice, as for a dictation beside a file: 211 MB on Linux; 120 alone."""


def open_recogniser(name: str) -> Recogniser:
    """Raises KnownError: nothing is called so, or it is no recogniser."""
    if name == EMBEDDED and sys.platform == "darwin":
        from engine.speech.system import System

        return System()
    if name == EMBEDDED:
        from engine.speech.embedded import Embedded

        return Embedded()
    from engine.models.catalogue import resolve

    folder = resolve(name)
    if kind(folder) == "parakeet":
        from engine.speech.parakeet import Parakeet

        return Parakeet(folder)
    from engine.speech.whisper import Whisper

    return Whisper(folder)


def bytes_needed(name: str) -> int:
    """What it may hold while it works, told without opening it: weights and work space.

    Raises:
        KnownError: nothing is called so, or it is no recogniser.
    """
    if name == EMBEDDED:
        return 0 if sys.platform == "darwin" else EMBEDDED_BYTES  # macOS's works in a process of its own
    from engine.models.catalogue import resolve
    from engine.speech import parakeet, whisper

    folder = resolve(name)
    config = read_config(folder)
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    work = parakeet.work_space(config) if kind(folder) == "parakeet" else whisper.work_space(config)
    return weights + work
