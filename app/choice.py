"""What a person can choose where models are not the only ones: a recogniser, a voice. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from engine.models.catalogue import InstalledModel


@dataclass(frozen=True)
class Choice:
    """asked_as: what the engine is given, "" for what needs no model."""

    asked_as: str
    name: str
    about: str

    @classmethod
    def of(cls, model: InstalledModel, about: str) -> Self:
        return cls(str(model.path), model.name.rpartition("/")[2], about)
