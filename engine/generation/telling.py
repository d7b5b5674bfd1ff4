"""What one answer tells: events while it runs, and the record at its end. Engine thread only; decides nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import mlx.core as mx
import numpy as np

from engine.budget.difficulty import Difficulty
from engine.budget.footprint import footprint
from engine.budget.plan import Plan
from engine.budget.presets import Choice
from engine.budget.profile import Line
from engine.experts.loader import Batch
from engine.experts.residency import Traffic
from engine.generation.decode import Taken
from engine.generation.opened import Opened
from engine.messages import (
    Ask,
    Classified,
    Event,
    ExpertsLoading,
    ExpertsResident,
    ExpertsSelected,
    Ids,
    Memory,
    MemorySample,
    Planned,
    Prefilled,
    Pressure,
    Record,
    Replayed,
    Reselected,
    Resized,
    Token,
)

_SAMPLE_SECONDS = 0.05
_LOADING_SECONDS = 1 / 30
_RESIDENT_SECONDS = 0.1

Emit = Callable[[Event], None]


@dataclass
class Clock:
    """Seconds since the request began, by what happened. waiting: for experts to be read."""

    begun: float = field(default_factory=time.perf_counter)
    load: float = 0.0
    waiting: float = 0.0
    select: float = 0.0
    prefill: float = 0.0
    first_token: float = 0.0

    def now(self) -> float:
        return time.perf_counter() - self.begun


class Telling:
    """Collects what happens to one request, passes it on as events and sums it up."""

    def __init__(self, ask: Ask, opened: Opened, emit: Emit) -> None:
        self.clock = Clock()
        self._traffic = Traffic()
        self.notes: list[str] = []
        self.coverage: list[np.ndarray] = []
        self.selection: list[list[int]] = []
        self._request = ask.request
        self._opened = opened
        self._emit = emit
        self._plan: Plan | None = None
        self.expected: Line | None = None
        self._difficulty: Difficulty | None = None
        self._promised: Memory | None = None
        self._largest: Memory | None = None  # promised at any time
        self.pressure = Pressure.NORMAL
        self._peak = self._peak_lately = 0
        self._fewest = 0
        self._replays = self._reselections = 0
        self._sampled = self._told = self._resident_told = 0.0
        self._moved = (0, 0)

    def counts(self, traffic: Traffic) -> None:
        """Where this request's reads and evictions are counted."""
        self._traffic = traffic

    def classified(self, found: Difficulty, choice: Choice) -> None:
        self._difficulty = found
        self._emit(Classified(self._request, str(found.use_case), found.score, choice.tier, choice.mode, choice.why))

    def planned(self, plan: Plan, offer: str) -> None:
        self._plan = plan
        self._promise(plan.memory)
        self._fewest = plan.resident
        self.notes += plan.notes
        self._emit(
            Planned(
                self._request,
                plan.mode,
                plan.budget,
                plan.active_parameters,
                plan.resident,
                plan.memory,
                plan.why,
                offer,
            )
        )

    def loading(self, batch: Batch, arrived: int) -> None:
        """At most 30 a second."""
        now = time.perf_counter()
        if now - self._told >= _LOADING_SECONDS:
            self._told = now
            expert = batch.experts[min(len(batch.experts) - 1, arrived * len(batch.experts) // batch.nbytes)]
            self._emit(ExpertsLoading(self._request, batch.layer, expert, arrived, batch.nbytes))

    def prefilled(self, tokens: int, reused: int, seconds: float) -> None:
        self.clock.prefill = seconds
        self.clock.select = self.clock.waiting
        heat = self._opened.residency.heat
        here = self._opened.residency.resident()
        self.selection = [
            [int(e) for e in ids[np.argsort(-row[ids], kind="stable")]] for row, ids in zip(heat, here, strict=True)
        ]
        if here:
            self._emit(ExpertsSelected(self._request, _table(self.selection)))
            self.resident()
        self._emit(Prefilled(self._request, tokens, reused, seconds))

    def resident(self) -> None:
        ids = [i.tolist() for i in self._opened.residency.resident()]
        read, evicted = self._traffic.read, self._traffic.evicted
        before_read, before_evicted = self._moved
        self._moved = read, evicted
        self._resident_told = time.perf_counter()
        self._emit(ExpertsResident(self._request, _table(ids), evicted - before_evicted, read - before_read))

    def _resident_if_changed(self) -> None:
        """At most ten times a second, and once more at the end."""
        if self._traffic.read != self._moved[0] and time.perf_counter() - self._resident_told >= _RESIDENT_SECONDS:
            self.resident()

    def reselecting(self, why: str, experts: int) -> None:
        self._reselections += 1
        self._emit(Reselected(self._request, why, experts))

    def resized(self, promised: Memory, before: int, after: int, why: str) -> None:
        """From now on less or more is promised than was granted, and held: the samples' peak begins anew."""
        self.memory(now=True)
        self._promise(promised)
        self._peak_lately, self._fewest = 0, min(self._fewest, after)
        self._emit(Resized(self._request, self.pressure, before, after, promised, why))

    def shared(self, promised: Memory) -> None:
        """The same banks beside a recogniser, or without it again."""
        self._promise(promised)
        self.memory(now=True)

    def _promise(self, promised: Memory) -> None:
        self._promised = promised
        if self._largest is None or promised.promised > self._largest.promised:
            self._largest = promised

    def token(self, taken: Taken, piece: str) -> None:
        index = len(self.coverage)
        if index == 0:
            self.clock.first_token = self.clock.now()
        self.coverage.append(taken.coverage)
        if taken.missed is not None:
            self._replays += 1
            self._emit(Replayed(self._request, index, taken.missed, int((taken.absent >= 0).sum())))
        self._emit(Token(self._request, piece, index, taken.coverage, taken.used, taken.absent))
        self._resident_if_changed()

    def rest(self, piece: str) -> None:
        """Text that was held back and belongs to no further token."""
        nothing = np.zeros((0, 0), np.int16)
        self._emit(Token(self._request, piece, len(self.coverage), np.zeros(0, np.float32), nothing, nothing))

    def memory(self, now: bool = False) -> None:
        """Sample what the process holds, at most 20 times a second."""
        at = time.perf_counter()
        if self._promised is None or (at - self._sampled < _SAMPLE_SECONDS and not now):
            return
        self._sampled = at
        # MLX's peak is since anybody's last sample: an encoder or a prefill piece is one long step.
        held = max(footprint(), mx.get_active_memory() + mx.get_cache_memory(), mx.get_peak_memory())
        mx.reset_peak_memory()
        self._peak, self._peak_lately = max(self._peak, held), max(self._peak_lately, held)
        self._emit(MemorySample(self._request, replace(self._promised, peak=self._peak_lately), self.pressure))

    def record(self, finish: str, text: str, tokens: dict[str, int]) -> Record:
        """tokens: of the prompt, and those among them that stood for something else."""
        assert self._plan is not None
        assert self._largest is not None
        self.memory(now=True)
        if self._traffic.read != self._moved[0]:
            self.resident()
        plan, clock, generated = self._plan, self.clock, len(self.coverage)
        total = clock.now()
        decoding = total - clock.first_token
        return Record(
            text=text,
            finish=finish,
            model=self._opened.name,
            mode=plan.mode,
            budget=self._budget(plan),
            tokens=tokens | {"generated": generated},
            experts=self._experts(plan),
            seconds={
                "load": clock.load,
                "select": clock.select,
                "prefill": clock.prefill,
                "first_token": clock.first_token,
                "total": total,
            },
            tokens_per_second=(generated - 1) / decoding if generated > 1 and decoding > 0 else 0.0,
            memory=replace(self._largest, peak=self._peak),
            selection=tuple(tuple(ids) for ids in self.selection),
            notes=tuple(self.notes),
            difficulty=self._judgement(),
        )

    def _budget(self, plan: Plan) -> dict[str, Any]:
        """measured: what the model's profile says of this mode at this point, or the nearest smaller one."""
        at, line = plan.point, self.expected
        return {
            "name": plan.budget,
            "active_parameters": plan.active_parameters,
            "held_parameters": at.held_parameters if at else plan.active_parameters,
            "k": at.k if at else 0,
            "why": plan.why,
            "harder": plan.harder,
            "measured": line and {"experts": line.residents, "loss": line.loss, "coverage": line.coverage},
        }

    def _judgement(self) -> dict[str, str | float] | None:
        found = self._difficulty
        if found is None:
            return None
        return {"score": found.score, "use_case": str(found.use_case), "reason": found.reason}

    def _experts(self, plan: Plan) -> dict[str, int | float]:
        whole = not self.coverage or not len(self.coverage[0])
        per_layer = np.ones(1) if whole else np.mean(self.coverage, axis=0)
        return {
            "layers": len(self._opened.blocks),
            "total": self._opened.layout.experts,
            "resident_per_layer": plan.resident,
            "resident_fewest": self._fewest,
            "slot_bytes": self._opened.layout.slot_bytes,
            "bytes_read": self._traffic.bytes_read,
            "bytes_kept": self._traffic.bytes_kept,
            "experts_read": self._traffic.read,
            "experts_dropped": self._traffic.evicted,
            "coverage": float(per_layer.mean()),
            "coverage_min": float(per_layer.min()),
            "reselections": self._reselections,
            "replays": self._replays,
        }


def _table(rows: Sequence[Sequence[int]]) -> Ids:
    """[len(rows), longest], short rows filled with -1."""
    table = np.full((len(rows), max((len(r) for r in rows), default=0)), -1, np.int16)
    for row, values in zip(table, rows, strict=True):
        row[: len(values)] = values
    return table
