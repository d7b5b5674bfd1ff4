"""How long a dictation waits for the engine while an answer streams: one without sound, so there is only the wait."""

from __future__ import annotations

import time

from app.lab.bench.figures import Figure
from app.lab.voice.talking import Talking
from engine import messages as m
from engine.link import Engine

GOAL = 0.2
"""A step of the engine lasts at most so long."""
_BETWEEN = 3  # tokens


def measure(engine: Engine, talking: Talking, takes: int) -> Figure:
    """The recogniser is open already: opening is told apart, as the first take."""
    talking.ask()
    talking.tokens(1)
    opening, *seconds = [_waited(engine, talking, number) for number in range(takes + 1)]
    talking.stop()
    details = (("first", opening),)
    return Figure(
        "Wait of a dictation for the engine, while an answer streams", "s", GOAL, tuple(seconds), details=details
    )


def _waited(engine: Engine, talking: Talking, number: int) -> float:
    talking.tokens(_BETWEEN)
    request = f"wait-{number}"
    begun = time.perf_counter()
    engine.send(m.Dictate(request))
    engine.send(m.EndOfSpeech(request))
    talking.until(lambda event: isinstance(event, m.Transcribed) and event.request == request)
    return time.perf_counter() - begun
