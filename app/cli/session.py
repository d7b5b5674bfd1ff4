"""One answer from the engine: sends the request, hands every event on, turns Ctrl-C into a cancel.

Main thread. Knows neither the terminal nor the model.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.link import Engine, ProcessEngine, ThreadEngine

TICK = 0.05
"""Seconds after which `show` is called though nothing came, so that a clock on screen can move."""
CANCELLED = 130
"""The exit code of a command that the person ended."""
ENGINE_KINDS: dict[str, type[ThreadEngine | ProcessEngine]] = {"thread": ThreadEngine, "process": ProcessEngine}

Show = Callable[[m.Event | None], None]


class EngineBug(Exception):
    """The engine failed in a way that is no known error; its log has the traceback."""


@dataclass
class Interrupt:
    """Set by the first Ctrl-C (or SIGTERM); the second one no longer asks politely."""

    asked: bool = False

    def __call__(self, _signal: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


@contextmanager
def running_engine() -> Iterator[Engine]:
    """The engine of the kind that CADRE_ENGINE names (thread or process), closed afterwards.

    Raises:
        KnownError: no such kind.
    """
    kind = os.environ.get("CADRE_ENGINE") or "thread"
    if kind not in ENGINE_KINDS:
        raise KnownError(f"CADRE_ENGINE is {kind!r}, and only thread and process exist.", "Set one of them, or none.")
    engine = ENGINE_KINDS[kind]()
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def interrupts() -> Iterator[Interrupt]:
    """While inside, Ctrl-C is noted instead of thrown."""
    interrupt = Interrupt()
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def answer(engine: Engine, ask: m.Ask, show: Show) -> m.Record:
    """Until the request has ended. A cancelled answer has a record, too, with finish "cancelled".

    show: called with every event of the request, and with None when none came for a moment.

    Raises:
        KnownError: the engine said why it could not.
        EngineBug: it failed otherwise.
        Cancelled: stopped before there was anything to record.
    """
    while engine.get(0) is not None:
        pass  # what is left of an earlier request, an engine's end among it, says nothing about this one
    with interrupts() as interrupt:
        engine.send(ask)
        try:
            return _until_end(engine, ask.request, show, interrupt)
        except BaseException:
            engine.send(m.Cancel(ask.request))
            raise


def _until_end(engine: Engine, request: str, show: Show, interrupt: Interrupt) -> m.Record:
    cancelled = False
    while True:
        if interrupt.asked and not cancelled:
            engine.send(m.Cancel(request))
            cancelled = True
        event = engine.get(TICK)
        if isinstance(event, m.EngineStopped):
            raise KnownError(event.sentence or "The engine stopped.", "Ask again.")
        if event is not None and event.request != request:
            continue
        if isinstance(event, m.Failed):
            if cancelled and event.known:
                raise Cancelled
            raise KnownError(event.sentence, event.next_step) if event.known else EngineBug(event.sentence)
        show(event)
        if isinstance(event, m.Finished):
            return event.record


def now() -> float:
    return time.monotonic()
