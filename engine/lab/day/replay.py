"""A day on a large checkpoint without computing it: plans and reads are real, what tokens want comes from traces.

The engine's own parts decide and read: difficulty, presets, plan, what is kept; ranking, loyalty, eviction,
reselection; banks in MLX memory, filled from the files. Only the forwards are left out, so nobody needs hours for it.
Engine thread.

A trace has fewer layers and experts than the checkpoint: layer i follows the trace's layer i modulo their number, and
an expert of the trace stands for as many neighbours, that are wanted together as parts of it would be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from engine.budget.activations import activations, piece_size
from engine.budget.difficulty import difficulty
from engine.budget.footprint import footprint, give_back_freed
from engine.budget.governor import keeping
from engine.budget.plan import Plan, Terms, Wish, plan
from engine.budget.points import SPARES, Shape, slots_for
from engine.budget.presets import Asked, decide
from engine.budget.presets import load as load_presets
from engine.budget.profile import Bearing, Profile
from engine.budget.request import Request as Judged
from engine.budget.request import from_turns
from engine.budget.standard import Standard
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.experts.bank import Bank
from engine.experts.loader import Batch, Loader, wait_all
from engine.experts.reading import OpenFiles
from engine.experts.residency import Residency
from engine.generation.planning import LEAST_ROOM, ROOM_FOR_PIECE
from engine.generation.reselect import WORTH, Reselection, Watch, too_low
from engine.lab.calibration import shape_of
from engine.lab.day.living import Day, Line
from engine.lab.day.requests import Request
from engine.lab.day.traces import Trace, Traces
from engine.messages import Mode, Turn
from engine.routing.block import MoEBlock
from engine.routing.resident import Resident

KV_BYTES = 4
"""Per number kept of a token: float32, the widest."""


class Stage:
    """The checkpoint's banks and files. memory: bytes that the process may hold. profile: of the traced model."""

    def __init__(self, folder: Path, memory: int, profile: Profile | None) -> None:
        checkpoint = Checkpoint.open(folder)
        found = layout(checkpoint)
        self.shape: Shape = shape_of(checkpoint)
        self.config = checkpoint.text_config
        self.memory = memory
        self.profile = None if profile is None else scaled(profile, self.shape.experts)
        self.dense = found.dense_bytes
        self._files = OpenFiles(checkpoint.files)
        self._loader = Loader(self._files, {str(file.path): number for number, file in enumerate(checkpoint.files)})
        banks = [Bank(layer, {t.projection: {} for t in layer.tensors}, 0) for layer in found.layers]
        self.residency = Residency(banks, self._loader, self.shape.router.groups)
        self.blocks = [cast("MoEBlock", _Block(index, bank, bank.layer.experts)) for index, bank in enumerate(banks)]
        self.base = footprint()

    @property
    def present(self) -> int:
        return max(0, min(min(len(b.table.resident()), b.table.slots - SPARES) for b in self.residency.banks))

    def terms(self, tokens: int) -> Terms:
        """The dense weights are promised and not read: what they would hold, nobody else may."""
        room = max(LEAST_ROOM, int(self.memory * ROOM_FOR_PIECE))
        number = self.config
        heads, size = int(number["num_key_value_heads"]), int(number["head_dim"])
        return Terms(
            base=self.base,
            dense=self.dense,
            kv=2 * int(number["num_hidden_layers"]) * heads * size * KV_BYTES * tokens,
            activations=activations(self.config, piece_size(self.config, tokens, room), tokens),
            limit=self.memory,
        )

    def close(self) -> None:
        """The banks go back to the system, so that the next stage finds the room that this one had."""
        self.residency.resize(0)
        mx.clear_cache()
        give_back_freed()
        self._loader.close()
        self._files.close()


@dataclass
class _Block:
    """What a reselection needs of a block."""

    index: int
    bank: Bank
    experts: int


class _NoRouters:
    """There are none to be told."""

    def refresh(self, _block: MoEBlock) -> None:
        """Nothing to do."""


def replay(
    stage: Stage,
    requests: Sequence[Request],
    traces: Traces,
    day: Day,
    budget: str,
    pulse: Callable[[int], None] = lambda _done: None,
) -> None:
    """Every request that the day has not seen yet."""
    said: dict[str, tuple[Turn, ...]] = {}
    for number, (request, trace) in enumerate(zip(requests, traces.requests, strict=False)):
        turns = (*said.get(request.chat, ()), Turn("user", request.text))
        if request.chat:
            said = {request.chat: turns}
        if number < len(day.lines):
            continue
        pulse(number)
        judged = from_turns(turns, request.priority, request.attachments)
        try:
            decided = _decided(stage, judged, len(trace.ids), budget)
        except KnownError as error:
            day.add(Line(number, request.kind, failed=error.sentence))
            continue
        day.add(_served(stage, number, request.kind, trace, traces.experts, decided))


@dataclass(frozen=True)
class Decided:
    """fresh: how many are chosen for the request. every: after how many tokens again. bearing: what the model bears."""

    plan: Plan
    fresh: int
    every: int
    bearing: Bearing | None


def _decided(stage: Stage, judged: Judged, tokens: int, budget: str) -> Decided:
    profile = stage.profile
    choice = decide(difficulty(judged), load_presets(), Asked(budget, Mode.FAST), known=profile is not None)
    standard = None if profile is None else Standard(profile, choice.most_lost, False, budget == "auto")
    made = plan(stage.shape, stage.terms(tokens), Wish(choice.mode, choice.tier, None, choice.at_least, standard))
    bearing = None if profile is None else profile.bearing(made.served, made.resident, choice.most_lost)
    kept = keeping(made, stage.shape, stage.present) if budget == "auto" else made
    return Decided(kept, made.resident, choice.reselect_every, bearing)


def _served(stage: Stage, number: int, kind: str, trace: Trace, experts: int, decided: Decided) -> Line:
    planned, bearing = decided.plan, decided.bearing
    assert planned.mode is Mode.FAST
    watch = Watch(decided.every, below=too_low(bearing))
    residency, count = stage.residency, planned.resident
    use = residency.begin()
    use.fresh, use.slack = decided.fresh, bearing.slack if bearing is not None else 0.0
    residency.resize(slots_for(count, stage.shape.experts))
    wanted, weights = _spread(trace, experts, len(stage.blocks), stage.shape.experts)
    peak = _prompt(stage, wanted[: trace.prompt], weights[: trace.prompt], count)
    coverage: list[npt.NDArray[np.floating[Any]]] = []
    reselection = Reselection(residency, cast("Resident", _NoRouters()))
    for ids, row in zip(wanted[trace.prompt :], weights[trace.prompt :], strict=True):
        here = np.stack([bank.table.slot_of[each] >= 0 for bank, each in zip(residency.banks, ids, strict=True)])
        coverage.append((here * row).sum(axis=1) / row.sum(axis=1))
        residency.note_token(ids)
        if watch.why(coverage) and reselection.begin(stage.blocks, count, WORTH):
            while reselection.busy():
                for _, batch in reselection.reading:
                    batch.wait()
                reselection.advance()
            reselection.advance()
        peak = max(peak, footprint())
    assert planned.point is not None
    return Line(
        number=number,
        kind=kind,
        mode=str(planned.mode),
        tokens=len(coverage),
        residents=count,
        read=use.traffic.bytes_read,
        afresh=count * stage.shape.slot_bytes,
        active=planned.active_parameters,
        held=planned.point.held_parameters,
        coverage=float(np.mean(coverage)) if coverage else 1.0,
        peak=peak + stage.dense,
        promised=planned.memory.promised,
        limit=planned.memory.limit,
    )


def _prompt(stage: Stage, wanted: npt.NDArray[Any], weights: npt.NDArray[Any], count: int) -> int:
    """As the selecting way does it: layer by layer, by what all of the prompt wanted. Returns the footprint."""
    residency = stage.residency

    def read(layer: int) -> Batch | None:
        residency.prepare(layer)
        wishes = residency.note(layer, wanted[:, layer], weights[:, layer])
        chosen = residency.choose(layer, residency.ranking(layer, wishes), count)
        batch = residency.fetch(layer, chosen)
        residency.keep_only(layer, chosen)
        return batch

    for layer in range(len(stage.blocks)):
        wait_all([read(layer)], lambda batch: batch.wait())
    return footprint()


def scaled(profile: Profile, experts: int) -> Profile:
    """The profile of a model whose experts each stand for as many of this one's."""
    parts = experts // profile.experts
    lines = tuple(replace(line, residents=line.residents * parts) for line in profile.lines)
    return replace(profile, experts=experts, lines=lines)


def _spread(trace: Trace, experts: int, layers: int, of: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Ids and weights [T, layers, k] of the checkpoint's experts."""
    if of % experts:
        raise KnownError(f"{of} experts cannot stand for {experts}.", "Record traces of another model.")
    parts = of // experts
    at = np.arange(layers) % trace.ids.shape[1]
    ids = trace.ids[:, at].astype(np.int64)[..., None] * parts + np.arange(parts, dtype=np.int64)
    weights = np.repeat(trace.weights[:, at], parts, axis=-1) / parts
    return ids.reshape(*ids.shape[:2], -1).astype(np.int64), weights.astype(np.float32)
