"""Several rounds of a measurement to one figure, and two measurements taken side by side to a ratio. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Spread:
    """The median of some rounds, with the least and the most."""

    median: float
    low: float
    high: float
    rounds: int

    def to_json(self) -> dict[str, Any]:
        return {"median": self.median, "low": self.low, "high": self.high, "rounds": self.rounds}


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values), len(values))


def paired(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Ours / theirs, round by round: what slows a whole round down, slows both."""
    return spread([a / b for a, b in zip(ours, theirs, strict=True)])


def alternated(first: int, names: Sequence[str]) -> list[str]:
    """The order of the round numbered `first`: each begins with another, so that none always runs after the same."""
    at = first % len(names)
    turned = [*names[at:], *names[:at]]
    return turned if first // len(names) % 2 == 0 else turned[::-1]


def first_token_ratio(total: float, read: int, rate: float, prefill: float) -> tuple[float, float]:
    """(bound, total / bound): nobody is faster than reading the bytes, or than the prefill with all resident."""
    bound = max(read / rate, prefill)
    return bound, total / bound


def promise_error(peak: int, promised: int) -> float:
    """How far the peak is from the promise, as a share of it."""
    return abs(peak - promised) / promised


def kept(peak: int, promised: int) -> bool:
    """Within a tenth of the promise, or 300 MB where that is more."""
    return abs(peak - promised) <= max(0.1 * promised, 300e6)
