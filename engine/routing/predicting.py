"""The predicting way: the predictor picks the experts of all layers at once, and the prompt runs with them.

At the first MoE layer the hidden states so far give the scores; the reads of all layers are issued together and each
layer waits for its own. What the routers would have wanted is counted afterwards, without a wait. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from engine.experts.loader import Await, Batch
from engine.experts.residency import Residency
from engine.routing.block import MoEBlock, Stock
from engine.routing.exact import Between
from engine.routing.predictor import Predictor
from engine.routing.resident import Resident

LONGEST = 2048
"""Tokens that the predictor looks at: it needs what the talk is about now, not all of it."""


class Predicting:
    """Wraps `resident`, whose tables it refreshes. count: residents per layer.

    hidden: states [1, T, D] of what came before in the conversation, newest last; those of this prompt are added.
    """

    def __init__(
        self,
        predictor: Predictor,
        hidden: list[mx.array],
        blocks: Sequence[MoEBlock],
        resident: Resident,
        residency: Residency,
        count: int,
        between: Between,
        wait: Await,
    ) -> None:
        self._predictor = predictor
        self.hidden = hidden
        self._blocks = tuple(blocks)
        self._resident = resident
        self._residency = residency
        self.count = count
        self._between = between
        self._wait = wait
        self._reading: dict[int, Batch] = {}
        self._wishes: list[tuple[int, mx.array, mx.array]] = []

    def enter(self, h: mx.array) -> None:
        """Pick by [1, T, D] and what came before; begin to read."""
        self.hidden = [*self.hidden, h.astype(mx.float32)]
        scores = self._predictor(mx.concatenate(latest(self.hidden), axis=1))[0]
        mx.eval(scores, self.hidden)
        self._between()
        for block, row in zip(self._blocks, np.array(scores), strict=True):
            chosen = self._residency.choose(block.index, np.argsort(-row, kind="stable"), self.count)
            batch = self._residency.fetch(block.index, chosen)
            self._residency.keep_only(block.index, chosen)
            if batch is not None:
                self._reading[block.index] = batch

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        assert block.router is not None
        self._wishes.append((block.index, *block.router.wanted(logits, block.router.bias, block.router.scale)))
        if (batch := self._reading.pop(block.index, None)) is not None:
            self._wait(batch)
        self._resident.refresh(block)

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return self._resident.columns(block, scores)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        y = self._resident.switch(block, x, ids, stock)
        mx.async_eval(y)  # it computes while the next layer's experts arrive
        return y

    def note(self) -> float:
        """After a piece: count what its tokens wanted. Returns the share of it that the sets met, 0 to 1."""
        mx.eval([(ids, weights) for _, ids, weights in self._wishes])
        served = wanted = 0.0
        met = self._resident.tables().met
        for layer, ids, weights in self._wishes:
            all_weights = np.array(weights.astype(mx.float32)).reshape(-1, weights.shape[-1])
            all_ids = np.array(ids).reshape(all_weights.shape)
            wishes = self._residency.note(layer, all_ids, all_weights)
            served, wanted = served + float(wishes[met[layer]].sum()), wanted + float(wishes.sum())
        self._wishes.clear()
        return served / wanted if wanted else 1.0

    def close(self) -> None:
        """Give up what is still being read."""
        for batch in self._reading.values():
            batch.abandon()
        self._reading.clear()


def latest(hidden: Sequence[mx.array]) -> list[mx.array]:
    """The last states [1, T, D], of LONGEST tokens or, when the last one alone is longer, of that one."""
    kept = list(hidden[-1:])
    for states in reversed(hidden[:-1]):
        if sum(h.shape[1] for h in kept) + states.shape[1] > LONGEST:
            break
        kept.insert(0, states)
    return kept
