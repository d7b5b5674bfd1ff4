"""Several takes of one measurement beside a goal. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """takes: at least one. judged: which of median, p95 and worst has to keep the goal; less is better.

    details: counts and circumstances, beside the figure in the report.
    """

    what: str
    unit: str
    goal: float
    takes: tuple[float, ...]
    judged: str = "p95"
    details: tuple[tuple[str, Any], ...] = ()

    @property
    def kept(self) -> bool:
        return bool(self.values()[self.judged] <= self.goal)

    def values(self) -> dict[str, float]:
        return {"median": median(self.takes), "p95": p95(self.takes), "worst": max(self.takes)}

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "unit": self.unit,
            **self.values(),
            "takes": len(self.takes),
            "goal": self.goal,
            "judged": self.judged,
            "kept": self.kept,
            **dict(self.details),
        }


def p95(takes: Sequence[float]) -> float:
    """The least take that 95 of 100 do not exceed; of fewer than 20 it is the worst."""
    ordered = sorted(takes)
    return ordered[-(len(ordered) // 20) - 1]
