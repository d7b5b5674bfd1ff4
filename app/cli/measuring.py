"""One lab job from the engine: starts it, hands on what it tells, returns its report. Main thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from app.cli.session import EngineBug, interrupts
from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.link import Engine, ProcessEngine, ThreadEngine

_TICK = 0.2


def measured(job: str, options: dict[str, Any], tell: Callable[[m.Measured], None]) -> dict[str, Any]:
    """In a process of its own by default: its memory is then the engine's alone. Ctrl-C cancels.

    Raises:
        KnownError: the engine said why it could not.
        EngineBug: it failed otherwise.
        Cancelled: stopped.
    """
    engine: Engine = ThreadEngine() if os.environ.get("CADRE_ENGINE") == "thread" else ProcessEngine()
    try:
        with interrupts() as interrupt:
            engine.send(m.Measure(job, job, options))
            asked_to_stop = False
            while True:
                if interrupt.asked and not asked_to_stop:
                    engine.send(m.Cancel(job))
                    asked_to_stop = True
                event = engine.get(_TICK)
                if isinstance(event, m.Measured):
                    if event.report is not None:
                        return event.report
                    tell(event)
                elif isinstance(event, m.Failed):
                    raise _failure(event, asked_to_stop)
                elif isinstance(event, m.EngineStopped):
                    raise KnownError(event.sentence or "The engine stopped.", "Try again.")
    finally:
        engine.close()


def _failure(event: m.Failed, asked_to_stop: bool) -> Exception:
    if asked_to_stop:
        return Cancelled()
    return KnownError(event.sentence, event.next_step) if event.known else EngineBug(event.sentence)
