"""Which models see and hear, from their configs and the headers of their weights. Knows no MLX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from app.window.looking_up import LookingUp
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.models.catalogue import resolve
from engine.vision import families


@dataclass(frozen=True)
class Sense:
    """sees, hears: None as long as nobody knows. why_blind, why_deaf: the reason, to follow a colon."""

    sees: bool | None = None
    hears: bool | None = None
    why_blind: str = ""
    why_deaf: str = ""

    @property
    def is_blind(self) -> bool:
        return self.sees is False

    @property
    def is_deaf(self) -> bool:
        return self.hears is False


UNKNOWN = Sense()


def sense_of(model: str) -> Sense:
    """Waits for the disk. What cannot be read stays unknown: the engine will say why."""
    try:
        checkpoint = Checkpoint.open(resolve(model))
        plan = layout(checkpoint)
    except KnownError:
        return UNKNOWN
    there = families.senses(checkpoint, plan)
    return Sense(
        sees=families.Sense.SIGHT in there,
        hears=families.Sense.HEARING in there,
        why_blind=families.why_not(checkpoint, plan, families.Sense.SIGHT)[0],
        why_deaf=families.why_not(checkpoint, plan, families.Sense.HEARING)[0],
    )


class Senses(LookingUp):
    def __init__(self, look: Callable[[str], Sense] = sense_of, parent: QObject | None = None) -> None:
        super().__init__(look, UNKNOWN, "cadre-senses", parent)

    def sense(self, model: str) -> Sense:
        """Unknown at first; `changed` tells when it is known."""
        found = self.of(model)
        assert isinstance(found, Sense)
        return found
