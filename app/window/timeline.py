"""What a request spent its time on, from its events. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from engine import messages as m


class Part(StrEnum):
    WAIT = "wait"
    LOAD = "load"
    CLASSIFY = "classify"
    READ = "read"
    PREFILL = "prefill"
    DECODE = "decode"


@dataclass(frozen=True)
class Span:
    part: Part
    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


_BEGINS: dict[type, Part] = {
    m.ModelLoading: Part.LOAD,
    m.ModelLoaded: Part.CLASSIFY,
    m.Planned: Part.PREFILL,
    m.ExpertsLoading: Part.READ,
    m.ExpertsResident: Part.PREFILL,
    m.Prefilled: Part.DECODE,
    m.Token: Part.DECODE,
    m.Paused: Part.WAIT,
}


@dataclass(frozen=True)
class Timeline:
    """spans follow one another without gaps. marks: when experts were picked or a token was taken again."""

    spans: tuple[Span, ...]
    marks: tuple[float, ...] = ()
    answering: bool = False

    @classmethod
    def begin(cls, now: float) -> Timeline:
        return cls((Span(Part.WAIT, now, now),))

    def after(self, event: m.Event, now: float) -> Timeline:
        spans = (*self.spans[:-1], replace(self.spans[-1], ended=now))
        answering = self.answering or isinstance(event, m.Prefilled | m.Token)
        part = _BEGINS.get(type(event))
        if answering and part in {Part.READ, Part.PREFILL}:
            part = None  # what is read while answering is part of it, and marked
        if part is not None and part is not spans[-1].part:
            spans = (*spans, Span(part, now, now))
        marked = isinstance(event, m.Reselected | m.Replayed)
        return Timeline(spans, (*self.marks, now) if marked else self.marks, answering)

    def totals(self) -> dict[Part, float]:
        """Seconds of each part, in the order in which they first came."""
        totals: dict[Part, float] = {}
        for span in self.spans:
            totals[span.part] = totals.get(span.part, 0.0) + span.seconds
        return totals
