"""Which models see, from their configs and the headers of their weights. Knows no MLX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from app.window.looking_up import LookingUp
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.models.catalogue import resolve
from engine.vision.families import sees, why_blind


@dataclass(frozen=True)
class Sense:
    """sees: None as long as nobody knows. why_blind: the reason, to follow a colon."""

    sees: bool | None = None
    why_blind: str = ""

    @property
    def is_blind(self) -> bool:
        return self.sees is False


UNKNOWN = Sense()


def sense_of(model: str) -> Sense:
    """Waits for the disk. What cannot be read stays unknown: the engine will say why."""
    try:
        checkpoint = Checkpoint.open(resolve(model))
        plan = layout(checkpoint)
        if sees(checkpoint, plan):
            return Sense(sees=True)
        return Sense(sees=False, why_blind=why_blind(checkpoint, plan)[0])
    except KnownError:
        return UNKNOWN


class Senses(LookingUp):
    def __init__(self, look: Callable[[str], Sense] = sense_of, parent: QObject | None = None) -> None:
        super().__init__(look, UNKNOWN, "cadre-senses", parent)

    unknown = UNKNOWN

    def sense(self, model: str) -> Sense:
        """Unknown at first; `changed` tells when it is known."""
        found = self.of(model)
        assert isinstance(found, Sense)
        return found
