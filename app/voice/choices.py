"""Which voices can be chosen: the system's, and every voice model installed, in plain words. Reads small files only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from app.choice import Choice
from app.numbers import size
from engine.errors import KnownError
from engine.models.catalogue import InstalledModel
from engine.speech.speech_folder import POCKET, QWEN, SOPRANO
from engine.speech.voices import bytes_needed

SYSTEM = ""
_LICENCE = re.compile(r"^license:\s*['\"]?([\w.+-]+)", re.MULTILINE)
_LARGEST_CARD = 1 << 20
_KINDS = {
    SOPRANO: "English only, small and quick.",
    POCKET: "English, or the language in its name; small and quick.",
    QWEN: "Ten languages, English among them; larger, and slower.",
}


def choices(installed: Iterable[InstalledModel]) -> list[Choice]:
    system = Choice(SYSTEM, "The system's", "It takes no memory of Cadre's and speaks what the system has voices for.")
    return [system, *(Choice.of(model, about(model)) for model in installed if model.voice)]


def about(model: InstalledModel) -> str:
    """Speed, languages, memory, licence of an installed voice."""
    return f"{_KINDS[model.voice]} {_memory(model)}{_licence(model.path)}"


def _shown(licence: str) -> str:
    """As people write it, for those that are met most."""
    return {"apache-2.0": "Apache 2.0", "cc-by-4.0": "CC BY 4.0", "mit": "MIT"}.get(licence.casefold(), licence)


def _memory(model: InstalledModel) -> str:
    try:
        return f"Takes up to {size(bytes_needed(str(model.path)))} of memory while it is used. "
    except KnownError:  # it will say so itself when it is asked to speak
        return ""


def _licence(folder: Path) -> str:
    """As the model's card names it."""
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as card:
            named = _LICENCE.search(card.read(_LARGEST_CARD))
    except OSError:
        named = None
    return f"Licence: {_shown(named[1])}." if named else "Its licence is not told in its folder."
