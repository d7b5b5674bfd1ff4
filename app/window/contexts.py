"""How many tokens each model's context holds, from its config."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.window.looking_up import LookingUp
from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.models.catalogue import resolve


def size_of(model: str) -> int:
    """0: it does not say, or cannot be read. Waits for the disk."""
    try:
        value = Checkpoint.open(resolve(model)).text_config.get("max_position_embeddings")
    except KnownError:
        return 0
    return value if isinstance(value, int) and value > 0 else 0


class Contexts(LookingUp):
    def __init__(self, look: Callable[[str], int] = size_of, parent: QObject | None = None) -> None:
        super().__init__(look, 0, "cadre-context", parent)

    def size(self, model: str) -> int:
        """0 until it is known; then `changed` tells."""
        return int(self.of(model))
