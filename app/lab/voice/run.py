"""Every measure of dictation in turn, into one report. Interface thread of a process that has nothing else to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.lab.bench.run import machine_here, notes_on
from app.lab.bench.stage import application, own_home
from app.lab.voice import capture, cycles, release, waiting
from app.lab.voice.talking import Talking
from engine.link import ThreadEngine

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Sizes:
    """How much of everything. The defaults are those of the goals."""

    releases: int = 40
    waits: int = 40
    sound: float = 600.0
    cycles: int = 200


def bench(progress: Progress, sizes: Sizes | None = None) -> dict[str, Any]:
    """The keys of `cadre bench --part voice --json`. Raises KnownError."""
    s = sizes or Sizes()
    load = os.getloadavg()[0]
    with own_home() as home:
        application()
        progress(0, 4, "releasing the key")
        figures = {"release": release.measure(s.releases)}
        engine = ThreadEngine()
        try:
            talking = Talking(engine)
            progress(1, 4, "waiting for the engine")
            figures["wait"] = waiting.measure(engine, talking, s.waits)
            progress(2, 4, "recording beside a busy engine")
            figures["capture"] = capture.measure(talking, s.sound, home)
            progress(3, 4, "starting, stopping, cancelling")
            figures["cycles"] = cycles.measure(engine, talking, s.cycles, home)
        finally:
            engine.close()
        here = machine_here(home, load)
    return {**{name: figure.to_json() for name, figure in figures.items()}, "machine": here, "notes": notes_on(here)}
