"""What one way of being served was worth, per document, and many documents as one row. Pure; NumPy only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.lab.evaluation.documents import Document

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


@dataclass
class Scores:
    """One document's scored tokens, in order. nll: nats; greedy: the likeliest token; coverage: mean over layers of
    how the token was served in the end. bytes_read: of experts, after the prompt.
    """

    nll: Floats
    greedy: Ints
    coverage: Floats
    bytes_read: int = 0
    retaken: int = 0
    reselections: int = 0

    @classmethod
    def empty(cls, tokens: int) -> Scores:
        return cls(np.full(tokens, np.nan, np.float32), np.full(tokens, -1, np.int32), np.ones(tokens, np.float32))


@dataclass(frozen=True)
class Exactly:
    """What every row is compared with: the exact answer's nll and greedy tokens, per document."""

    nll: Sequence[Floats]
    greedy: Sequence[Ints]

    @property
    def total(self) -> float:
        return float(sum(n.sum(dtype=np.float64) for n in self.nll))


@dataclass
class Tally:
    """The scores of the documents so far."""

    scores: list[Scores] = field(default_factory=list)

    def row(self, documents: Sequence[Document], exact: Exactly) -> dict[str, Any]:
        """The measured part of a row. loss: of nll against exact's, a share; loss_error: its standard error over
        documents (jackknife), None for a single one.
        """
        assert len(self.scores) == len(documents)
        tokens = sum(d.scored for d in documents)
        sums = np.array([s.nll.sum(dtype=np.float64) for s in self.scores])
        beside = np.array([n.sum(dtype=np.float64) for n in exact.nll])
        same = sum(int((s.greedy == g).sum()) for s, g in zip(self.scores, exact.greedy, strict=True))
        return {
            "nll": float(sums.sum()) / tokens,
            "nll_per_byte": float(sums.sum()) / sum(d.bytes for d in documents),
            "agreement": same / tokens,
            "coverage": float(sum(s.coverage.sum(dtype=np.float64) for s in self.scores)) / tokens,
            "bytes_per_token": sum(s.bytes_read for s in self.scores) / tokens,
            "loss": float(sums.sum() / beside.sum() - 1),
            "loss_error": _error(sums, beside),
            "retaken": sum(s.retaken for s in self.scores) / tokens,
            "reselections": sum(s.reselections for s in self.scores),
        }


def _error(sums: npt.NDArray[np.float64], beside: npt.NDArray[np.float64]) -> float | None:
    """Standard error of sums.sum() / beside.sum() by leaving out one document at a time."""
    n = len(sums)
    if n < 2:
        return None
    without = (sums.sum() - sums) / (beside.sum() - beside)
    return math.sqrt((n - 1) / n * float(((without - without.mean()) ** 2).sum()))
