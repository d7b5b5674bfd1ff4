"""The resident way: the stock router chooses among the residents, without a wait for the host within a token.

One router product gives the full logits. Their resident columns, in expert-id order, go through the stock
choice; the chosen columns become slots with one take. What the full router wanted, and how much of it was
there, is computed for all layers at once from the same logits, in the same evaluation. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mlx.core as mx
import numpy as np

from engine.routing.block import MoEBlock, Stock


class Served(NamedTuple):
    """One token, all layers, as lazy arrays: coverage [L] float32, the share of its wishes that were met; wanted ids
    [L, k]; used columns [L, k].
    """

    coverage: mx.array
    wanted: mx.array
    columns: mx.array


class Tables(NamedTuple):
    """ids: resident experts by column, int16 [L, C], -1 beyond a layer's own. here, met: bool [L, E]. met: whose wish
    is met, by itself or by another variant of its kind.
    """

    ids: np.ndarray
    here: np.ndarray
    met: np.ndarray


class Resident:
    """Routing tables of the present residents of every block; `refresh` after a layer's residents changed.

    kinds: of which a layer's experts are variants, see Predictor; 1: each is on its own.
    """

    def __init__(self, blocks: Sequence[MoEBlock], kinds: int = 1) -> None:
        self._blocks = tuple(blocks)
        self._kinds = kinds
        self._ids: dict[int, _Vector] = {}
        self._slots: dict[int, _Vector] = {}
        self._host_ids: dict[int, np.ndarray] = {}
        self._met: mx.array | None = None
        self._tables: Tables | None = None
        self._logits: list[mx.array] = []
        self._chosen: list[mx.array] = []
        self._bias = _stacked([b.router.bias for b in blocks if b.router])
        self._scale = _stacked([b.router.scale for b in blocks if b.router])

    def refresh(self, block: MoEBlock) -> None:
        """Take the bank's table as it is now. Arrays in use by work in flight are replaced, not changed."""
        table = block.bank.table
        resident = table.resident()
        self._host_ids[block.index] = resident
        self._ids[block.index] = _Vector(resident)
        self._slots[block.index] = _Vector(table.slot_of[resident])
        self._met = None
        self._tables = None
        assert block.router is not None
        block.router.narrow(None if len(resident) == block.experts else self._ids[block.index].flat)

    def refresh_all(self) -> None:
        for block in self._blocks:
            self.refresh(block)

    def leave(self) -> None:
        """The routers are whole again, for the exact way."""
        for block in self._blocks:
            assert block.router is not None
            block.router.narrow(None)

    # --- the way ----------------------------------------------------------------------------------------

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        self._logits.append(logits)

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        ids = self._ids[block.index]
        if ids.flat.size == block.experts:
            block.mass = None
            return scores
        chosen_from = mx.take_along_axis(scores, ids.like(scores), axis=-1)
        assert block.router is not None
        if block.router.mass:  # softmax over residents only: give back the share of the absent ones
            whole = mx.logsumexp(scores.astype(mx.float32), axis=-1, keepdims=True)
            block.mass = mx.exp(mx.logsumexp(chosen_from.astype(mx.float32), axis=-1, keepdims=True) - whole)
        return chosen_from

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        self._chosen.append(ids)
        y = stock(x, mx.take_along_axis(self._slots[block.index].like(ids), ids, axis=-1))
        if block.mass is not None:
            y = y * block.mass[..., None].astype(y.dtype)
            block.mass = None
        return y

    # --- what it was worth ------------------------------------------------------------------------------

    def forget(self) -> None:
        """A forward begins: nothing seen yet."""
        self._logits.clear()
        self._chosen.clear()

    def served(self) -> Served:
        """Of the one-token forward just built."""
        logits = mx.concatenate(self._logits, axis=-2).reshape(len(self._logits), -1)
        router = self._blocks[0].router
        assert router is not None
        wanted, weights = router.wanted(logits, self._bias, self._scale)
        if self._met is None:
            self._met = mx.array(self.tables().met.astype(np.float32))
        met = mx.take_along_axis(self._met, wanted, axis=-1)
        weights = weights.astype(mx.float32)
        coverage = (weights * met).sum(axis=-1) / weights.sum(axis=-1)
        columns = mx.concatenate(self._chosen, axis=-2).reshape(len(self._chosen), -1)
        return Served(coverage, wanted, columns)

    def tables(self) -> Tables:
        """What forwards built now mean by columns, and who is here; replaced, not changed, by `refresh`."""
        if self._tables is None:
            ids = [self._host_ids[block.index] for block in self._blocks]
            table = np.full((len(ids), max(map(len, ids))), -1, np.int16)
            for row, resident in zip(table, ids, strict=True):
                row[: len(resident)] = resident
            here = self._presence()
            self._tables = Tables(table, here, by_kind(here, self._kinds))
        return self._tables

    def _presence(self) -> np.ndarray:
        here = np.zeros((len(self._blocks), self._blocks[0].experts), bool)
        for row, block in enumerate(self._blocks):
            here[row, self._host_ids[block.index]] = True
        return here


def by_kind(here: np.ndarray, kinds: int) -> np.ndarray:
    """Bool [L, E]: of whose kind somebody is here; kinds are contiguous, as many variants in each."""
    if kinds == 1:
        return here
    return np.repeat(here.reshape(len(here), kinds, -1).any(axis=-1), here.shape[1] // kinds, axis=1)


class _Vector:
    """One number per resident, ready to be gathered from rows of any rank: in decoding not one operation is spent."""

    def __init__(self, values: np.ndarray) -> None:
        self.flat = mx.array(values.astype(np.uint32))
        self._rows = {n: mx.array(values.astype(np.uint32).reshape((1,) * (n - 1) + (-1,))) for n in (2, 3)}

    def like(self, rows: mx.array) -> mx.array:
        """[..., n] for rows [..., m]."""
        if rows.size == rows.shape[-1] and rows.ndim in self._rows:
            return self._rows[rows.ndim]
        return mx.broadcast_to(self.flat, (*rows.shape[:-1], self.flat.size))


def _stacked(vectors: Sequence[mx.array | None]) -> mx.array | None:
    """[L, E], or None when the family has no such vector."""
    present = [v for v in vectors if v is not None]
    return mx.stack(present) if present and len(present) == len(vectors) else None
