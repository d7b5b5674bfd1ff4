"""What the live panel knows: events folded into one value. Pure: no terminal, no clock, no engine.

`reduce(view, event, now)` returns the next view; `now` is any clock in seconds. Arrays are never changed in
place, so a view may be kept and drawn later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import singledispatch

import numpy as np
import numpy.typing as npt

from engine import messages as m

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]

HISTORY = 240
"""Tokens that the curves look back."""
SPEED_SECONDS = 0.5
"""Tokens per second are counted over the last so many, or the last 8 tokens."""


@dataclass(frozen=True)
class Experts:
    """One cell per (layer, expert), all arrays [L, E]. Expert ids are columns here; `order` says how to draw.

    reading: named as being read since the residents were last told.
    used_at, absent_at: when a token last used the expert, or wanted it in vain; -inf: never in this request.
    dropped_at: when it last left memory, so likewise.
    order: expert ids of each layer, the regulars first; set when the experts are picked, not while answering.
    """

    resident: Flags
    reading: Flags
    used_at: Times
    absent_at: Times
    dropped_at: Times
    uses: Counts
    order: npt.NDArray[np.int32]

    @property
    def layers(self) -> int:
        return int(self.resident.shape[0])

    @property
    def count(self) -> int:
        return int(self.resident.shape[1])


@dataclass(frozen=True)
class View:
    """Sizes in bytes, seconds of the clock that `reduce` was given, shares 0 to 1.

    read: bytes of experts read for this request so far. batch: layer, bytes and time of the last word of reading.
    coverage, arrivals, speeds: one value per token, oldest first. again: tokens taken again.
    pressure: how short of memory the machine is. judged: how hard the request seems and why.
    happened: the last thing worth a word.
    """

    began: float = 0.0
    now: float = 0.0
    stage: str = "Starting"
    model: str = ""
    experts: Experts | None = None
    per_token: int = 0
    expert_bytes: int = 0
    mode: m.Mode = m.Mode.AUTO
    resident: int = 0
    memory: m.Memory | None = None
    pressure: m.Pressure = m.Pressure.NORMAL
    read: int = 0
    read_speed: float = 0.0
    coverage: tuple[float, ...] = ()
    arrivals: tuple[float, ...] = ()
    tokens: int = 0
    speeds: tuple[float, ...] = ()
    again: int = 0
    judged: str = ""
    happened: str = ""
    record: m.Record | None = None
    batch: tuple[int, int, float] = field(default=(-1, 0, 0.0))

    @property
    def tokens_per_second(self) -> float:
        return self.speeds[-1] if self.speeds else 0.0


def begin(previous: View | None, now: float) -> View:
    """The view of a new request. What is known of the model, and which experts served, goes on."""
    if previous is None:
        return View(began=now, now=now)
    experts = previous.experts and _rest(previous.experts)
    return View(
        began=now,
        now=now,
        model=previous.model,
        experts=experts,
        per_token=previous.per_token,
        expert_bytes=previous.expert_bytes,
        resident=previous.resident,
        memory=previous.memory,
        pressure=previous.pressure,
    )


def reduce(view: View, event: m.Event | None, now: float) -> View:
    """The view after one event; None only moves the clock."""
    view = replace(view, now=now)
    return view if event is None else _after(event, view)


@singledispatch
def _after(_event: m.Event, view: View) -> View:
    return view


@_after.register
def _(event: m.ModelLoading, view: View) -> View:
    share = f" {event.done / event.of:.0%}" if event.of else ""
    return replace(view, stage=f"Opening the model{share}", model=view.model or event.model, experts=None)


@_after.register
def _(event: m.ModelLoaded, view: View) -> View:
    layers = max(event.layers, 1)
    return replace(
        view,
        stage="Picking experts" if event.layers else "Reading the prompt",
        model=event.model,
        experts=_nothing_resident(event.layers, event.experts) if event.layers else None,
        per_token=event.experts_per_token,
        expert_bytes=event.slot_bytes // layers,
    )


@_after.register
def _(event: m.Classified, view: View) -> View:
    return replace(view, judged=event.why)


@_after.register
def _(event: m.Planned, view: View) -> View:
    stage = "Picking experts" if view.experts is not None else "Reading the prompt"
    return replace(
        view, stage=stage, mode=event.mode, resident=event.resident, memory=event.memory, happened=event.offer
    )


@_after.register
def _(event: m.ExpertsLoading, view: View) -> View:
    if view.experts is None:
        return view
    layer, before, since = view.batch
    fresh = event.layer != layer or event.bytes < before
    delta = event.bytes if fresh else event.bytes - before
    seconds = view.now - since
    read = view.read + delta
    speed = delta / seconds if not fresh and seconds > 0 and delta else view.read_speed
    reading = view.experts.reading.copy()
    reading[event.layer, event.expert] = True
    return replace(
        view,
        stage=view.stage if view.tokens else "Reading experts",
        read=read,
        read_speed=speed,
        batch=(event.layer, event.bytes, view.now),
        experts=replace(view.experts, reading=reading),
    )


@_after.register
def _(event: m.ExpertsSelected, view: View) -> View:
    if view.experts is None:
        return view
    return replace(view, experts=replace(view.experts, order=_order(view.experts, event.ids)))


@_after.register
def _(event: m.ExpertsResident, view: View) -> View:
    if view.experts is None:
        return view
    resident = _flags(view.experts, event.ids)
    experts = replace(
        view.experts,
        resident=resident,
        dropped_at=_dropped(view.experts, resident, view.now),
        reading=np.zeros_like(view.experts.reading),
    )
    return replace(view, experts=experts, read=max(view.read, event.read * view.expert_bytes))


@_after.register
def _(_event: m.Prefilled, view: View) -> View:
    return replace(view, stage="Answering")


@_after.register
def _(event: m.Token, view: View) -> View:
    if view.experts is not None and not event.coverage.size:
        return view  # the last letters of the answer, held back till they were certain
    arrivals = (*view.arrivals, view.now)[-HISTORY:]
    return replace(
        view,
        stage="Answering",
        experts=view.experts and _after_token(view.experts, event, view.now),
        coverage=(*view.coverage, _mean(event.coverage))[-HISTORY:],
        arrivals=arrivals,
        speeds=(*view.speeds, _speed(arrivals))[-HISTORY:],
        tokens=view.tokens + 1,
        read=view.read + _read_for(event, view),
    )


@_after.register
def _(event: m.Reselected, view: View) -> View:
    return replace(view, happened=f"Picked again: {event.why}", read=view.read + event.read * view.expert_bytes)


@_after.register
def _(event: m.Replayed, view: View) -> View:
    again = view.again + 1
    words = "Took a token again" if again == 1 else f"Took {again} tokens again"
    return replace(
        view, again=again, happened=f"{words} with what was missed", read=view.read + event.read * view.expert_bytes
    )


@_after.register
def _(_event: m.Paused, view: View) -> View:
    return replace(view, stage="Waiting for something more urgent")


@_after.register
def _(event: m.MemorySample, view: View) -> View:
    return replace(view, memory=event.memory, pressure=event.pressure)


@_after.register
def _(event: m.Resized, view: View) -> View:
    peak = view.memory.peak if view.memory is not None else 0
    return replace(
        view,
        resident=event.after,
        memory=replace(event.memory, peak=peak),
        pressure=event.pressure,
        happened=f"{event.why} {event.after} experts per layer instead of {event.before}",
    )


@_after.register
def _(event: m.Finished, view: View) -> View:
    record = event.record
    stage = {"cancelled": "Stopped", "length": "Stopped at the length limit"}.get(record.finish, "Done")
    return replace(
        view,
        stage=stage,
        record=record,
        memory=record.memory,
        read=int(record.experts.get("bytes_read", view.read)),
        experts=view.experts and _rest(view.experts),
    )


@_after.register
def _(_event: m.Failed, view: View) -> View:
    return replace(view, stage="Failed", experts=view.experts and _rest(view.experts))


def _nothing_resident(layers: int, count: int) -> Experts:
    none = np.zeros((layers, count), np.bool_)
    never = np.full((layers, count), -np.inf)
    order = np.tile(np.arange(count, dtype=np.int32), (layers, 1))
    return Experts(none, none, never, never, never, np.zeros((layers, count), np.int32), order)


def _rest(experts: Experts) -> Experts:
    never = np.full(experts.resident.shape, -np.inf)
    return replace(experts, reading=np.zeros_like(experts.resident), used_at=never, absent_at=never, dropped_at=never)


def _flags(experts: Experts, ids: m.Ids) -> Flags:
    """True where an id stands in its layer's row; -1 stands for none."""
    flags = np.zeros_like(experts.resident)
    layers, slots = np.nonzero(ids >= 0)
    flags[layers, ids[layers, slots]] = True
    return flags


def _order(experts: Experts, best_first: m.Ids) -> npt.NDArray[np.int32]:
    """Who served most before, then who was picked first, then by id."""
    rank = np.full(experts.resident.shape, experts.count, np.int32)
    layers, slots = np.nonzero(best_first >= 0)
    rank[layers, best_first[layers, slots]] = slots
    keys = (rank, -experts.uses)
    return np.lexsort(keys, axis=1).astype(np.int32)


def _after_token(experts: Experts, event: m.Token, now: float) -> Experts:
    used, absent = _flags(experts, event.used), _flags(experts, event.absent)
    used_at = np.where(used, now, experts.used_at)
    resident = _with_used(experts, used, used_at)
    return replace(
        experts,
        resident=resident,
        dropped_at=_dropped(experts, resident, now),
        used_at=used_at,
        absent_at=np.where(absent, now, experts.absent_at),
        reading=np.zeros_like(experts.reading),
        uses=experts.uses + used,
    )


def _dropped(experts: Experts, resident: Flags, now: float) -> Times:
    """With the moment of those that are in memory no more."""
    gone = experts.resident & ~resident
    return np.where(gone, now, experts.dropped_at) if gone.any() else experts.dropped_at


def _with_used(experts: Experts, used: Flags, used_at: Times) -> Flags:
    """What was used is in memory, though nobody said that it was read: an expert that was not used lately made room.

    A guess at which, until the next ExpertsResident tells.
    """
    if not (used & ~experts.resident).any():
        return experts.resident
    room = np.maximum(experts.resident.sum(axis=1), used.sum(axis=1))
    here = experts.resident | used
    longest_unused_first = np.lexsort((experts.uses, used_at, here), axis=1)
    places = np.argsort(longest_unused_first, axis=1)
    kept: Flags = here & (places >= experts.count - room[:, None])
    return kept


def _mean(coverage: m.Shares) -> float:
    return float(coverage.mean()) if coverage.size else 1.0


def _read_for(event: m.Token, view: View) -> int:
    """In exact mode a token reads what it misses and is counted nowhere else."""
    return int((event.absent >= 0).sum()) * view.expert_bytes if view.mode is m.Mode.EXACT else 0


def _speed(arrivals: tuple[float, ...]) -> float:
    """Tokens per second of late."""
    last = arrivals[-1]
    recent = [at for at in arrivals if last - at <= SPEED_SECONDS]
    if len(recent) < 8:
        recent = list(arrivals[-8:])
    spent = recent[-1] - recent[0]
    return (len(recent) - 1) / spent if spent > 0 else 0.0
