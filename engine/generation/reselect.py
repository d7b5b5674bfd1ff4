"""Changes the resident set while tokens keep coming. Engine thread only.

New experts are read into spare slots in the background. When one has arrived the tables are swapped between two
tokens; the slot of the one it replaces is free for the next only after the forward that may still read it was
read back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.budget.profile import Bearing
from engine.experts.loader import Batch
from engine.experts.residency import Residency
from engine.experts.slots import SlotTable
from engine.routing.block import MoEBlock
from engine.routing.resident import Resident

RESELECT_BELOW = 0.7
"""A lower mean coverage over the last RESELECT_WINDOW tokens changes the set."""
RESELECT_WINDOW = 16
WORTH = 1.5
"""An expert comes for another only if it was wanted by so many more of the last tokens, faded (residency.HALF_LIFE)."""
UNUSUAL = 0.1
"""Where coverage was measured, it has fallen when it is so much lower, and lower than the model was seen to bear."""
READERS = 1
"""Per expert: several are on their way at once, and every reader competes with decoding for the interpreter."""
ASKED = "asked for"


@dataclass
class Watch:
    """Decides when to reselect: when asked, every so many tokens, or when coverage has fallen. Pure.

    every: tokens, 0 for never by count. fixed: coverage does not matter, the set was given. below: see `too_low`.
    """

    every: int = 0
    fixed: bool = False
    below: float | None = None
    asked: bool = False
    _not_before: int = RESELECT_WINDOW

    def why(self, coverage: Sequence[np.ndarray]) -> str:
        """The reason in words, empty when the set is good; coverage: [layers] of every token so far."""
        count = len(coverage)
        if self.asked:
            self.asked = False
            return ASKED
        if self.every and count % self.every == 0:
            return f"every {self.every} tokens"
        if self.fixed or count < self._not_before:
            return ""
        mean = float(np.mean(coverage[-RESELECT_WINDOW:]))
        if mean >= (too_low(None) if self.below is None else self.below):
            return ""
        self._not_before = count + RESELECT_WINDOW  # a new set is judged by tokens of its own
        return f"coverage fell to {mean:.0%}"


def too_low(bearing: Bearing | None) -> float:
    """Mean coverage under which the set is changed. A set that covers little as usual is not the worse for it, nor is
    one that covers as little as the model was seen to bear. bearing: None where nobody measured.
    """
    if bearing is None:
        return RESELECT_BELOW
    return min(RESELECT_BELOW, bearing.usual - UNUSUAL, bearing.least)


@dataclass(frozen=True)
class Exchange:
    """In one layer, one expert for another."""

    block: MoEBlock
    coming: int
    going: int


@dataclass
class Reselection:
    """Exchanges still to do; `advance` between two tokens, right after one was read back."""

    residency: Residency
    resident: Resident
    waiting: deque[Exchange] = field(default_factory=deque)
    reading: list[tuple[Exchange, Batch]] = field(default_factory=list)
    retired: list[tuple[SlotTable, int]] = field(default_factory=list)
    read: int = 0

    def begin(self, blocks: list[MoEBlock], count: int, worth: float = WORTH) -> int:
        """Plan the way from the present residents to the best set for what was wanted lately, where it is worth it."""
        assert not self.busy()
        self.read = 0
        for block in blocks:
            table = block.bank.table
            target = self.residency.hottest(block.index, count)
            here = table.resident().tolist()
            coming = table.missing(target)
            heat = self.residency.heat[block.index]
            going = sorted(set(here) - set(target), key=lambda e: float(heat[e]))
            pairs = _paired(coming, going, self._group_of(block))
            self.waiting += [Exchange(block, c, g) for c, g in pairs if heat[c] >= heat[g] + worth]
        return len(self.waiting)

    def busy(self) -> bool:
        return bool(self.waiting or self.reading)

    def advance(self) -> None:
        for table, slot in self.retired:
            table.give_back(slot)
        self.retired.clear()
        arrived = [pair for pair in self.reading if pair[1].finished()]
        for exchange, batch in arrived:
            self.reading.remove((exchange, batch))  # whatever fails here, `drop` gives up what is left
            batch.wait()
            self._swap(exchange)
        for block in {id(e.block): e.block for e, _ in arrived}.values():
            self.resident.refresh(block)
        self._start()

    def drop(self) -> None:
        """Stop where it is: what has arrived stays, the rest is given up. Nothing may be in flight."""
        for table, slot in self.retired:
            table.give_back(slot)
        for _, batch in self.reading:
            batch.abandon()
        self.retired, self.reading = [], []
        self.waiting.clear()

    def _swap(self, exchange: Exchange) -> None:
        table = exchange.block.bank.table
        self.retired.append((table, table.drop(exchange.going)))
        self.residency.traffic.evicted += 1
        self.read += 1

    def _start(self) -> None:
        left: deque[Exchange] = deque()
        while self.waiting:
            exchange = self.waiting.popleft()
            if exchange.block.bank.table.free:
                batch = self.residency.start(exchange.block.index, [exchange.coming], READERS)
                self.reading.append((exchange, batch))
            else:
                left.append(exchange)
        self.waiting = left

    def _group_of(self, block: MoEBlock) -> int:
        return block.experts // self.residency.groups


def _paired(coming: list[int], going: list[int], group_size: int) -> list[tuple[int, int]]:
    """Pairs within one group each, so that groups stay equally full; whoever is left, where a set has not as many of
    every group, comes for any other that is left.
    """
    pairs, left, alone = [], list(going), []
    for expert in coming:
        partner = next((g for g in left if g // group_size == expert // group_size), None)
        if partner is None:
            alone.append(expert)
        else:
            left.remove(partner)
            pairs.append((expert, partner))
    return [*pairs, *zip(alone, left, strict=False)]
