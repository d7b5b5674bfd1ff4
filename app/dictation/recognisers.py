"""Which recognisers can be chosen: the one that is always there, and every Whisper that is installed. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from engine.models.catalogue import InstalledModel

EMBEDDED = ""
WHISPER = "whisper"


@dataclass(frozen=True)
class Choice:
    """asked_as: what the engine is given."""

    asked_as: str
    name: str
    about: str


def choices(installed: Iterable[InstalledModel]) -> list[Choice]:
    return [_embedded(), *(_whisper(model) for model in installed if model.model_type == WHISPER)]


def _embedded() -> Choice:
    if sys.platform == "darwin":
        return Choice(EMBEDDED, "The system's", "macOS's own, on this Mac only.")
    return Choice(EMBEDDED, "PocketSphinx", "Small and old: English only, every fourth word wrong, no punctuation.")


def _whisper(model: InstalledModel) -> Choice:
    name = model.name.rpartition("/")[2]
    english = ".en" in name or name.endswith("-en")
    about = "English only." if english else "About a hundred languages, with punctuation."
    return Choice(str(model.path), name, about)
