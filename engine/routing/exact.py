"""The exact way: the stock router is untouched and every token gets the experts it wants, read on demand.

Works for every family, since it touches nothing but the switch. Engine thread only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from engine.experts.loader import Await
from engine.experts.residency import Floats, Residency
from engine.routing.block import MoEBlock, Stock

Ids = npt.NDArray[np.int32]
Between = Callable[[], None]
"""Called where nothing is in flight: may raise Cancelled, or run something more urgent."""


@dataclass
class Seen:
    """Per layer, what the last token of a forward wanted, and which of it had to be read. ids [k] each."""

    wanted: dict[int, Ids] = field(default_factory=dict)
    absent: dict[int, Ids] = field(default_factory=dict)


class Exact:
    """keep: how many experts of a layer stay when a prompt wants more than its bank holds: those that all of it
    wanted most, for a selection, or with `lately` those of its end, for exact tokens to come.
    """

    def __init__(self, residency: Residency, keep: int, between: Between, wait: Await, *, lately: bool = False) -> None:
        self.keep = keep
        self.seen = Seen()
        self.wishes: dict[int, Floats] = {}
        self._unread: dict[int, mx.array] = {}
        self._residency = residency
        self._lately = lately
        self._between = between
        self._wait = wait

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        """The stock router decides; nothing to do."""

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return scores

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        self._residency.prepare(block.index)
        if block.bank.table.full():  # nothing can be missing: no need to look
            self._unread[block.index] = ids
            return stock(x, mx.take(mx.array(block.bank.table.slot_of), ids))
        chosen = np.array(ids).astype(np.int32)
        self._between()
        self._residency.prepare(block.index)  # who ran between may have made it smaller
        rows = chosen.reshape(-1, chosen.shape[-1])
        wanted = [int(e) for e in np.unique(rows)]
        self._note(block, rows)
        if len(wanted) > block.bank.slots:
            return self._in_groups(block, x, rows, wanted, stock).reshape(*ids.shape, -1)
        batch = self._residency.fetch(block.index, wanted)
        if batch is not None:
            self._wait(batch)
        return stock(x, mx.array(block.bank.table.slot_of[chosen]))

    def finish(self) -> None:
        """The forward was evaluated: take note of what passed without a look."""
        for layer, ids in self._unread.items():
            rows = np.array(ids).astype(np.int32)
            self._note_rows(layer, rows.reshape(-1, rows.shape[-1]), [])
        self._unread.clear()

    def _note(self, block: MoEBlock, rows: Ids) -> None:
        self._note_rows(block.index, rows, block.bank.table.missing(rows[-1]))

    def _note_rows(self, layer: int, rows: Ids, missing: Sequence[int]) -> None:
        self.seen.wanted[layer] = rows[-1]
        self.seen.absent[layer] = np.array(missing, np.int32)
        wishes = self._residency.note(layer, rows)
        self.wishes[layer] = self.wishes[layer] + wishes if layer in self.wishes else wishes

    def _in_groups(self, block: MoEBlock, x: mx.array, rows: Ids, wanted: list[int], stock: Stock) -> mx.array:
        """Some experts at a time, each read once; while one group computes the next is read.

        Returns [tokens * k, D] in the order of `rows`.
        """
        layer, table = block.index, block.bank.table
        stay = set(self._staying(layer))
        groups = passing_groups(wanted, table.resident().tolist(), stay, table.slots)
        outputs, positions = [], []
        for group, coming in pairwise([[], *groups, []]):
            output = None
            if group:
                output, where = _partial(block, x, rows, group, stock)
                mx.async_eval(output)
                outputs.append(output)
                positions.append(where)
            self._bring(block, coming, group, stay, output)
        order = np.argsort(np.concatenate(positions), kind="stable")
        return mx.concatenate(outputs)[mx.array(order)]

    def _staying(self, layer: int) -> list[int]:
        if self._lately:
            return self._residency.hottest(layer, self.keep)
        return self._residency.best(self._residency.ranking(layer, self.wishes[layer]), self.keep)

    def _bring(
        self, block: MoEBlock, coming: Sequence[int], busy: Sequence[int], stay: set[int], output: mx.array | None
    ) -> None:
        """Read what is missing of `coming` while `output` computes, if there is room beside the busy experts."""
        layer, missing = block.index, block.bank.table.missing(coming)
        keep: Collection[int] = {*coming, *stay, *busy}
        if output is not None and self._residency.room(layer, keep) < len(missing):
            mx.eval(output)
            keep = {*coming, *stay}
        if missing:
            self._residency.make_room(layer, len(missing), keep)
            self._wait(self._residency.start(layer, missing))
        if output is not None:
            mx.eval(output)


def passing_groups(
    wanted: Sequence[int], resident: Sequence[int], stay: Collection[int], slots: int
) -> list[list[int]]:
    """The order in which a layer's wanted experts go through a bank that cannot hold them all.

    First those that are here, then the ones that only pass, last the ones that stay; groups of half of what is
    not taken by staying experts, so that one half is read while the other computes.
    """
    here = [e for e in wanted if e in set(resident)]
    passing = [e for e in wanted if e not in set(resident) and e not in stay]
    staying = [e for e in wanted if e not in set(resident) and e in stay]
    pinned = len([e for e in resident if e in stay])
    half = max(1, (slots - pinned) // 2)
    groups = [here] if here else []
    for rest in (passing, staying):
        groups += [rest[i : i + half] for i in range(0, len(rest), half)]
    return groups


def _partial(
    block: MoEBlock, x: mx.array, rows: Ids, group: Sequence[int], stock: Stock
) -> tuple[mx.array, npt.NDArray[np.int64]]:
    """Outputs [n, D] of the n places in `rows`, flattened, that want an expert of the group, and the places."""
    flat, k = rows.reshape(-1), rows.shape[-1]
    where = np.flatnonzero(np.isin(flat, group))
    slots = block.bank.table.slot_of[flat[where]]
    tokens = x.reshape(-1, x.shape[-1])[mx.array(where // k)]
    return stock(tokens, mx.array(slots[:, None])).squeeze(-2), where
