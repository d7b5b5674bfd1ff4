"""What an evaluation was asked for, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.budget.points import Shape
from engine.errors import KnownError
from engine.lab.evaluation.documents import LONGEST
from engine.lab.evaluation.kinds import names

DOCUMENTS = 16
SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
"""Beside the least that is legal."""


@dataclass(frozen=True)
class Request:
    """residency: counts (int) and shares (float) of experts, empty for the usual ones; rows: names, empty for all."""

    model: str
    text: Path | None = None
    documents: int = DOCUMENTS
    longest: int = LONGEST
    residency: tuple[int | float, ...] = ()
    rows: tuple[str, ...] = ()
    seed: int = 0
    memory: int | None = None
    fresh: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Request:
        """Raises KnownError: a row that does not exist."""
        given = {name: value for name, value in options.items() if value is not None}
        if "text" in given:
            given["text"] = Path(given["text"])
        for name in ("residency", "rows"):
            given[name] = tuple(given.get(name, ()))
        unknown = [row for row in given["rows"] if row not in names()]
        if unknown:
            raise KnownError(f"There is no row {unknown[0]}.", f"Choose among {', '.join(names())}.")
        return cls(**given)

    def wants(self, row: str) -> bool:
        return not self.rows or row in self.rows


def counts(shape: Shape, residency: Sequence[int | float]) -> list[int]:
    """Residents per layer to measure, ascending, each as the router allows it.

    Raises:
        KnownError: a count beyond the model's experts.
    """
    E = shape.experts
    wanted = list(residency) or [shape.least, *SHARES]
    if too_many := [n for n in wanted if isinstance(n, int) and n > E]:
        raise KnownError(f"The model has {E} experts per layer, not {too_many[0]}.", f"Ask for at most {E}.")
    whole = [n if isinstance(n, int) else round(n * E) for n in wanted]
    return sorted({shape.router.legal(n, E) for n in whole})
