"""Numbers that say how good judgements are: area under the curve, rank correlation, calibration. Pure.

Nothing here knows what is judged.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def ranks(values: Sequence[float] | Numbers) -> Numbers:
    """From 1; equal values share the mean of their ranks."""
    _, place, count = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    shared: Numbers = (last - (count - 1) / 2)[place]
    return shared


def auc(scores: Sequence[float] | Numbers, happened: Sequence[bool] | npt.NDArray[np.bool_]) -> float | None:
    """P(one where it happened scores above one where it did not), equal scores half; None where one kind is missing."""
    yes = np.asarray(happened, bool)
    pairs = int(yes.sum()) * int((~yes).sum())
    if not pairs:
        return None
    return float((ranks(scores)[yes].sum() - yes.sum() * (yes.sum() + 1) / 2) / pairs)


def auc_spread(area: float, happened: Sequence[bool] | npt.NDArray[np.bool_]) -> float:
    """The standard error of an area (Hanley and McNeil, 1982)."""
    yes, no = int(np.sum(happened)), int(len(happened) - np.sum(happened))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    return float(np.sqrt((area * (1 - area) + (yes - 1) * (q1 - area**2) + (no - 1) * (q2 - area**2)) / (yes * no)))


def rank_correlation(left: Sequence[float] | Numbers, right: Sequence[float] | Numbers) -> float:
    """Spearman's, ties shared."""
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def reliability(shares: Numbers, happened: Numbers, bins: int = 10) -> list[dict[str, float]]:
    """In bins of equally many, lowest first: what was said on average, what happened, how many."""
    parts = np.array_split(np.argsort(shares, kind="stable"), bins)
    return [
        {"said": float(shares[p].mean()), "happened": float(happened[p].mean()), "count": len(p)}
        for p in parts
        if len(p)
    ]


def calibration_error(table: list[dict[str, float]]) -> float:
    """The mean distance of what was said from what happened, weighted by how many (ECE)."""
    total = sum(row["count"] for row in table)
    return sum(row["count"] * abs(row["said"] - row["happened"]) for row in table) / total
