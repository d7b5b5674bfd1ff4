"""Ways through the MoE layers that look on, or that leave out what is not there. They wrap the engine's own ways.

Engine thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from engine.routing.block import MoEBlock, Stock, Way

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


class Passing:
    """Everything as the way within has it."""

    def __init__(self, within: Way) -> None:
        self._within = within

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        self._within.see(block, x, logits)

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return self._within.columns(block, scores)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        return self._within.switch(block, x, ids, stock)


class Served(NamedTuple):
    """Of a piece of T tokens: coverage [T, L]; wanted ids [T, L, k]."""

    coverage: Floats
    wanted: Ids


class Listening(Passing):
    """Keeps the routers' logits and the choices of one forward."""

    def __init__(self, within: Way) -> None:
        super().__init__(within)
        self._logits: list[tuple[MoEBlock, mx.array]] = []
        self._chosen: list[mx.array] = []

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        self._logits.append((block, logits))
        super().see(block, x, logits)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        self._chosen.append(ids)
        return super().switch(block, x, ids, stock)

    def forget(self) -> None:
        self._logits.clear()
        self._chosen.clear()

    def served(self, here: npt.NDArray[np.bool_]) -> Served:
        """here: bool [L, E], the residents of the forward. As `Resident.served`, of many tokens."""
        present = mx.array(here)
        coverage, wanted = [], []
        for block, logits in self._logits:
            ids, weights = wanted_of(block, logits)
            hit = present[block.index][ids]
            coverage.append((weights * hit).sum(axis=-1) / weights.sum(axis=-1))
            wanted.append(ids)
        return Served(_rows(coverage).astype(np.float32), _rows(wanted).astype(np.int32))

    def chosen(self) -> Ids:
        """[T, L, k] ids that the stock routers chose among all experts, -1 where a layer chooses fewer."""
        rows = [np.array(ids).astype(np.int32).reshape(-1, ids.shape[-1]) for ids in self._chosen]
        width = max(row.shape[1] for row in rows)
        return np.stack([np.pad(r, ((0, 0), (0, width - r.shape[1])), constant_values=-1) for r in rows], axis=1)


def _rows(per_layer: Sequence[mx.array]) -> npt.NDArray[np.generic]:
    return np.array(mx.stack(list(per_layer), axis=1))


def wanted_of(block: MoEBlock, logits: mx.array) -> tuple[mx.array, mx.array]:
    """Wanted ids [T, k] and their weights, float32, of logits [..., E]."""
    router = block.router
    assert router is not None
    ids, weights = router.wanted(logits.reshape(-1, logits.shape[-1]), router.bias, router.scale)
    return ids, weights.astype(mx.float32)


class Leaving:
    """The stock choice among all experts; one that is not resident adds nothing.

    renormalise: what is left is scaled up to the whole weight. The routers must be whole (`Resident.leave`).
    """

    def __init__(self, blocks: Sequence[MoEBlock], *, renormalise: bool) -> None:
        self._renormalise = renormalise
        self._slots = [mx.array(np.maximum(b.bank.table.slot_of, 0).astype(np.uint32)) for b in blocks]
        self._here = [mx.array((b.bank.table.slot_of >= 0).astype(np.float32)) for b in blocks]
        self._factor: mx.array | None = None

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        ids, weights = wanted_of(block, logits)
        left = (weights * self._here[block.index][ids]).sum(axis=-1)
        self._factor = weights.sum(axis=-1) / mx.maximum(left, 1e-6)

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return scores

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        keep = self._here[block.index][ids]
        if self._renormalise:
            assert self._factor is not None
            keep = keep * self._factor.reshape(*ids.shape[:-1], 1)
        y = stock(x, self._slots[block.index][ids])
        return y * keep[..., None].astype(y.dtype)


class LeastRecent(Passing):
    """A bank per layer that keeps what was used last; what a token misses is left out, and read for those after it.

    Within a layer only the router decides, so that a whole document passes at once and is served as token by token.
    The way within is `Exact`; its outputs for misses are thrown away. ration: bytes that may be read per token and
    layer, None for all that is missed.
    """

    def __init__(
        self,
        within: Way,
        banks: Sequence[Sequence[int]],
        slots: int,
        ration: float | None,
        *,
        renormalise: bool = False,
    ) -> None:
        super().__init__(within)
        self.dropping = False
        self.bytes_read = 0
        self.coverage: list[Floats] = []
        self._banks = [dict.fromkeys(reversed(ids)) for ids in banks]  # the last is the one used last
        self._slots = slots
        self._ration = ration
        self._saved = [0.0] * len(banks)
        self._renormalise = renormalise
        self._weights: Floats = np.zeros((0, 0), np.float32)

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        super().see(block, x, logits)
        ids, weights = (np.array(a) for a in wanted_of(block, logits))
        self._weights = np.zeros((len(ids), block.experts), np.float32)
        np.put_along_axis(self._weights, ids, weights, axis=1)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        y = super().switch(block, x, ids, stock)
        rows = np.array(ids).astype(np.int32).reshape(-1, ids.shape[-1])
        weights = np.take_along_axis(self._weights, rows, axis=1)
        hits = np.array([self._pass(block, row, w) for row, w in zip(rows, weights, strict=True)], np.float32)
        if not self.dropping:
            return y
        coverage = (hits * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-30)
        self.coverage.append(coverage)
        keep = hits / np.maximum(coverage[:, None], 1e-6) if self._renormalise else hits
        return y * mx.array(keep.reshape(*ids.shape, 1).astype(np.float32)).astype(y.dtype)

    def _pass(self, block: MoEBlock, row: Ids, weights: Floats) -> list[bool]:
        """One token: which of its experts are here; then those it missed are read, the weightiest first."""
        bank, layer, size = self._banks[block.index], block.index, block.layer.expert_bytes
        here = [int(e) in bank for e in row]
        if self._ration is not None and self.dropping:
            self._saved[layer] += self._ration
        for e in (int(row[i]) for i in np.argsort(weights, kind="stable")):  # the weightiest is the one used last
            if e in bank:
                bank[e] = bank.pop(e)
        for e in (int(row[i]) for i in np.argsort(-weights, kind="stable") if not here[i]):
            if self._ration is not None and self.dropping:
                if self._saved[layer] < size:
                    break
                self._saved[layer] -= size
            self._read(bank, e, size)
        return here

    def _read(self, bank: dict[int, None], expert: int, size: int) -> None:
        if len(bank) >= self._slots:
            del bank[next(iter(bank))]
        bank[expert] = None
        self.bytes_read += size if self.dropping else 0
