"""Which model tidies what was dictated: the one that new chats are asked with, never the demonstration. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from engine.models.catalogue import InstalledModel
from engine.models.folders import BUILTIN, Source


def tidier(chosen: str, installed: Iterable[InstalledModel]) -> str:
    """As the engine is asked for it; "" when the chosen one cannot."""
    demonstration = {BUILTIN, *(str(model.path) for model in installed if model.source is Source.BUILTIN)}
    return "" if chosen in demonstration else chosen
