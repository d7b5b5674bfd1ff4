"""Which recognisers can be chosen: the one that is always there, every Whisper and Parakeet installed. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from app.choice import Choice
from engine.models.catalogue import InstalledModel

EMBEDDED = ""
_PARAKEET = "parakeet"


def choices(installed: Iterable[InstalledModel]) -> list[Choice]:
    return [_embedded(), *(Choice.of(model, about(model)) for model in installed if model.speech)]


def _embedded() -> Choice:
    if sys.platform == "darwin":
        return Choice(EMBEDDED, "The system's", "macOS's own, on this Mac only.")
    return Choice(EMBEDDED, "PocketSphinx", "Small and old: English only, every fourth word wrong, no punctuation.")


def about(model: InstalledModel) -> str:
    """Which languages a Whisper or Parakeet knows."""
    name = model.name.rpartition("/")[2]
    if model.speech == _PARAKEET:
        return "English, or with its larger vocabulary 25 languages of Europe; with punctuation."
    if ".en" in name or name.endswith("-en"):
        return "English only."
    return "About a hundred languages, with punctuation."
