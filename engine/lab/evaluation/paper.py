"""The bytes exact would read: its own slots and eviction, played through on paper with the choices that were traced.

`Residency` and the slot tables are the engine's; only nothing is read. Engine thread or any other: no MLX is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.budget.points import slots_for
from engine.checkpoint.layout import MoELayer
from engine.experts.residency import Residency
from engine.experts.slots import SlotTable
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.stage import Pulse
from engine.lab.evaluation.tracing import Trace


class PaperBank:
    """A bank without rows."""

    def __init__(self, layer: MoELayer) -> None:
        self.layer = layer
        self.table = SlotTable(layer.experts, 0)

    def resize(self, slots: int) -> None:
        assert not len(self.table.resident())
        self.table = SlotTable(self.layer.experts, slots)


@dataclass(frozen=True)
class PaperBatch:
    nbytes: int


class PaperLoader:
    """Everything has arrived at once."""

    def start(self, bank: PaperBank, experts: Collection[int]) -> PaperBatch:
        for expert in sorted(experts):
            bank.table.publish(expert, bank.table.take())
        return PaperBatch(len(experts) * bank.layer.expert_bytes)


def paper_residency(layers: Iterable[MoELayer], groups: int, slots: int) -> Residency:
    banks = [PaperBank(layer) for layer in layers]
    residency = Residency(cast("Any", banks), cast("Any", PaperLoader()), groups)
    residency.resize(slots)
    return residency


def play(residency: Residency, row: npt.NDArray[np.int16]) -> None:
    """One token through the exact way; row: wanted ids [L, k], -1 for none."""
    for layer, ids in enumerate(row):
        wanted = ids[ids >= 0]
        residency.note(layer, wanted[None])
        residency.fetch(layer, wanted.tolist())


def exact_bytes(
    layers: Sequence[MoELayer],
    groups: int,
    count: int,
    documents: Sequence[Document],
    traces: Sequence[Trace],
    pulse: Pulse,
) -> float:
    """Bytes per scored token with `count` residents, their spares, and the engine's eviction.

    Every token passes singly, the prompts uncounted. The banks are warm: they begin with what is wanted most, and the
    last document passes before the first.
    """
    experts = layers[0].experts
    residency = paper_residency(layers, groups, slots_for(count, experts))
    for layer, wishes in enumerate(np.sum([t.wishes(experts) for t in traces], axis=0)):
        residency.fetch(layer, np.argsort(-wishes, kind="stable")[: slots_for(count, experts)].tolist())
    total = 0
    for number in (-1, *range(len(documents))):
        prompt = documents[number].prompt
        for at, row in enumerate(traces[number].wanted):
            before = residency.traffic.bytes_read
            play(residency, row)
            if number >= 0 and at >= prompt - 1:
                total += residency.traffic.bytes_read - before
        pulse()
    return total / sum(d.scored for d in documents)
