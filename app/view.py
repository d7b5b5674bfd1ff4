"""What the live panel knows: events folded into one value. Pure: no terminal, no clock, no engine.

`reduce(view, event, now)` returns the next view; `now` is any clock in seconds. Arrays are never changed in
place, so a view may be kept and drawn later.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import singledispatch

from app.experts import Experts, nothing_resident
from app.pace import Pace
from engine import messages as m

HISTORY = 240
"""Tokens that the curves look back."""


@dataclass(frozen=True)
class View:
    """Sizes in bytes, seconds of the clock that `reduce` was given, shares 0 to 1.

    read: bytes of experts read for this request so far. batch: layer, bytes and time of the last word of reading.
    coverage, speeds: one value per token, oldest first; no speed as long as it is not known. again: tokens taken again.
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
    tokens: int = 0
    pace: Pace = field(default_factory=Pace)
    speeds: tuple[float, ...] = ()
    again: int = 0
    judged: str = ""
    happened: str = ""
    record: m.Record | None = None
    batch: tuple[int, int, float] = field(default=(-1, 0, 0.0))

    @property
    def is_dense(self) -> bool:
        """The model is open, and has no experts."""
        is_open = bool(self.model) and self.stage != "Failed" and not self.stage.startswith("Opening the model")
        return is_open and self.experts is None

    @property
    def tokens_per_second(self) -> float:
        return self.speeds[-1] if self.speeds else 0.0


def begin(previous: View | None, now: float) -> View:
    """The view of a new request. What is known of the model, and which experts served, goes on."""
    if previous is None:
        return View(began=now, now=now)
    experts = previous.experts and previous.experts.at_rest()
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
        experts=nothing_resident(event.layers, event.experts) if event.layers else None,
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
    return replace(
        view,
        stage=view.stage if view.tokens else "Reading experts",
        read=read,
        read_speed=speed,
        batch=(event.layer, event.bytes, view.now),
        experts=view.experts.reads(event.layer, event.expert),
    )


@_after.register
def _(event: m.ExpertsSelected, view: View) -> View:
    if view.experts is None:
        return view
    return replace(view, experts=view.experts.picked(event.ids))


@_after.register
def _(event: m.ExpertsResident, view: View) -> View:
    if view.experts is None:
        return view
    experts = view.experts.hold(event.ids, view.now)
    return replace(view, experts=experts, read=max(view.read, event.read * view.expert_bytes))


@_after.register
def _(_event: m.Prefilled, view: View) -> View:
    return replace(view, stage="Answering")


@_after.register
def _(event: m.Token, view: View) -> View:
    if view.experts is not None and not event.coverage.size:
        return view  # the last letters of the answer, held back till they were certain
    pace = view.pace.after(view.tokens + 1, view.now)
    speed = pace.per_second
    return replace(
        view,
        stage="Answering",
        experts=view.experts and view.experts.after_token(event.used, event.absent, view.now),
        coverage=(*view.coverage, _mean(event.coverage))[-HISTORY:],
        pace=pace,
        speeds=view.speeds if speed is None else (*view.speeds, speed)[-HISTORY:],
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
        experts=view.experts and view.experts.at_rest(),
    )


@_after.register
def _(_event: m.Failed, view: View) -> View:
    return replace(view, stage="Failed", experts=view.experts and view.experts.at_rest())


def _mean(coverage: m.Shares) -> float:
    return float(coverage.mean()) if coverage.size else 1.0


def _read_for(event: m.Token, view: View) -> int:
    """In exact mode a token reads what it misses and is counted nowhere else."""
    return int((event.absent >= 0).sum()) * view.expert_bytes if view.mode is m.Mode.EXACT else 0
