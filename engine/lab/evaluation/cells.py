"""Which rows an evaluation has: the kinds that were asked for and can be, at each number of residents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.lab.evaluation.kinds import KINDS, MISSING, TREATMENTS, Kind
from engine.lab.evaluation.request import Request


@dataclass(frozen=True)
class Cell:
    """A row to be: a kind at a number of residents. part: of the report, row or missing."""

    name: str
    kind: Kind
    count: int
    part: str = "row"

    @property
    def key(self) -> str:
        return f"{self.name}:{self.count}"


@dataclass(frozen=True)
class Possible:
    """What the model and the text allow. routes: among residents, as most families can."""

    experts: int
    documents: int
    routes: bool
    predicts: bool


def cells(request: Request, counts: Sequence[int], possible: Possible) -> tuple[list[Cell], list[str]]:
    """The cells in the order they are measured, and why some are not there."""
    if not possible.routes:
        return [], ["This model family runs exact only: there are no rows for other ways."]
    found, notes = [], []
    for name, kind in KINDS.items():
        why = _why_not(name, kind, request, possible)
        if why is None:
            found += [Cell(name, kind, count) for count in counts]
        elif why:
            notes.append(why)
    if request.wants(MISSING):
        partial = [count for count in counts if count < possible.experts]
        found += [
            Cell(f"{MISSING}, {n}", kind, count, "missing") for n, kind in TREATMENTS.items() for count in partial
        ]
    return found, notes


def _why_not(name: str, kind: Kind, request: Request, possible: Possible) -> str | None:
    """None when there is nothing against it; empty when there is nothing to say."""
    if not request.wants(name):
        return ""
    if kind.predicts and not possible.predicts:
        return "The model has no predictor beside it." if request.rows else ""
    if kind.learns and possible.documents < 2:
        return f"A {kind.selector} needs a second document to come from."
    if kind.after and not request.wants(kind.after):
        return f"{name} reads as much as {kind.after}, which was not asked for."
    return None
