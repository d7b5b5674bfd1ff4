"""The exact answer to a document, and every choice its routers made on the way. Engine thread only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.scores import Exactly, Floats, Ints, Scores
from engine.lab.evaluation.stage import Stage, score
from engine.lab.evaluation.ways import Listening


@dataclass(frozen=True)
class Trace:
    """nll, greedy: of the scored tokens. wanted: int16 [T - 1, L, k], of all tokens but the last, -1 for none."""

    nll: Floats
    greedy: Ints
    wanted: npt.NDArray[np.int16]

    def wishes(self, experts: int) -> Floats:
        """How much each expert was wanted, [L, E]: one token, one wish per layer."""
        rows = [_counts(layer, experts) for layer in self.wanted.swapaxes(0, 1)]
        return np.stack(rows)


def _counts(ids: npt.NDArray[np.int16], experts: int) -> Floats:
    flat = ids[ids >= 0]
    return (np.bincount(flat, minlength=experts) * (len(ids) / max(len(flat), 1))).astype(np.float32)


def trace(stage: Stage, document: Document) -> Trace:
    """The document through the exact way."""
    caches = stage.begin(stage.fits)
    exact = stage.exact(stage.fits)
    listening = Listening(exact)
    scores, wanted = Scores.empty(document.scored), []
    for start, end in pieces(0, len(document.tokens) - 1, stage.piece):
        listening.forget()
        logits = stage.forward(caches, document.tokens[start:end], listening)
        first = max(start, document.prompt - 1)  # the last token of the prompt tells the first that is scored
        if first < end:
            score(logits[first - start :], document.tokens[first + 1 : end + 1], scores, first + 1 - document.prompt)
        wanted.append(listening.chosen())
        exact.finish()
        stage.pulse()
    return Trace(scores.nll, scores.greedy, np.concatenate(wanted).astype(np.int16))


def pieces(start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end, most):
        yield at, min(at + most, end)


def exactly(traces: Sequence[Trace]) -> Exactly:
    return Exactly([t.nll for t in traces], [t.greedy for t in traces])


def popular(traces: Sequence[Trace], experts: int) -> list[Floats]:
    """Per document, what all the others wanted, [L, E]: never its own."""
    each = [t.wishes(experts) for t in traces]
    return [
        np.sum([w for j, w in enumerate(each) if j != i] or [np.zeros_like(each[i])], axis=0) for i in range(len(each))
    ]
