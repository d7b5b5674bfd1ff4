"""The selecting way: one pass over the prompt that chooses the residents layer by layer, then is served by them.

At each MoE layer the router's wishes over the prompt's tokens, weighed against the prior, rank the experts; the
best are read and the layer runs with them. While a layer computes, the experts that the next router seems to
want on the present input are already being read. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from engine.experts.loader import Await, Batch, wait_all
from engine.experts.residency import Floats, Residency
from engine.routing.block import MoEBlock, Stock
from engine.routing.exact import Between
from engine.routing.resident import Resident

GUESSED = 0.5
"""Share of a set that is read ahead on a guess: the head of a guessed ranking is right far more often."""


class Selecting:
    """Wraps `resident`, whose tables it refreshes as it goes. count: residents per layer.

    wishes: per layer, float32 [E], over all pieces so far; later pieces add to them.
    """

    def __init__(
        self,
        blocks: Sequence[MoEBlock],
        resident: Resident,
        residency: Residency,
        count: int,
        between: Between,
        wait: Await,
    ) -> None:
        self.wishes: dict[int, Floats] = {}
        self.guessed = self.guessed_right = 0
        self._blocks = tuple(blocks)
        self._resident = resident
        self._residency = residency
        self.count = count
        self._between = between
        self._wait = wait
        self._ahead: dict[int, Batch] = {}

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        assert block.router is not None
        layer = block.index
        router = block.router
        ids, weights = router.wanted(logits, router.bias, router.scale)
        following = self._blocks[layer + 1] if layer + 1 < len(self._blocks) else None
        guess = self._guess(following, x) if following is not None else None
        mx.eval(ids, weights, *([] if guess is None else guess))
        self._between()
        self._choose(block, np.array(ids), np.array(weights.astype(mx.float32)), following)
        if following is not None and guess is not None:
            self._read_ahead(following, np.array(guess[0]), np.array(guess[1].astype(mx.float32)))
        self._resident.refresh(block)

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return self._resident.columns(block, scores)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        y = self._resident.switch(block, x, ids, stock)
        mx.async_eval(y)
        return y

    def close(self) -> None:
        """Give up what is still being read ahead."""
        for batch in self._ahead.values():
            batch.abandon()
        self._ahead.clear()

    def _choose(self, block: MoEBlock, ids: np.ndarray, weights: np.ndarray, following: MoEBlock | None) -> None:
        self._residency.prepare(block.index)
        layer, table = block.index, block.bank.table
        ids = ids.reshape(-1, ids.shape[-1])
        wishes = self._residency.note(layer, ids, weights)
        self.wishes[layer] = self.wishes[layer] + wishes if layer in self.wishes else wishes
        chosen = self._residency.choose(layer, self._residency.ranking(layer, self.wishes[layer]), self.count)
        ahead = self._ahead.get(layer)
        guessed = ahead.experts if ahead is not None else []
        self.guessed += len(guessed)
        self.guessed_right += len(set(guessed) & set(chosen))
        missing = [e for e in table.missing(chosen) if e not in guessed]
        room = self._residency.room(layer, chosen)  # wrong guesses give their slots back once they have arrived
        first = self._read(layer, missing[:room], chosen)
        self._ahead.pop(layer, None)
        if following is not None:
            self._residency.prepare(following.index)  # memory is made ready while the disk works
        wait_all([ahead, first], self._wait)
        self._residency.keep_only(layer, chosen)
        wait_all([self._read(layer, missing[room:], chosen)], self._wait)

    def _read(self, layer: int, missing: list[int], chosen: list[int]) -> Batch | None:
        if not missing:
            return None
        self._residency.make_room(layer, len(missing), chosen)
        return self._residency.start(layer, missing)

    def _guess(self, following: MoEBlock, x: mx.array) -> tuple[mx.array, mx.array]:
        router = following.router
        assert router is not None
        return router.wanted(router.logits(x), router.bias, router.scale)

    def _read_ahead(self, following: MoEBlock, ids: np.ndarray, weights: np.ndarray) -> None:
        """Into slots that are free already: nothing is evicted on a guess."""
        layer, table = following.index, following.bank.table
        experts = following.experts
        wishes = np.bincount(ids.reshape(-1), weights.reshape(-1), experts).astype(np.float32)
        wishes *= ids.size / ids.shape[-1] / max(float(wishes.sum()), 1e-30)
        ranking = self._residency.ranking(layer, wishes)
        likely = self._residency.best(ranking, self.count)[: max(1, int(self.count * GUESSED))]
        missing = table.missing(likely)[: table.free]
        if missing:
            self._ahead[layer] = self._residency.start(layer, missing)
