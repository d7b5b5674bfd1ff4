"""Every measure of the app in turn, into one report. Interface thread of a process that has nothing else to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lab.bench import finding, map_frame, monitor_cost, opening, stalls, starting
from app.lab.bench.figures import Figure
from app.lab.bench.scripted import Script, ScriptedEngine
from app.lab.bench.stage import application, desktop, own_home
from engine.lab.bench.machine import machine

Progress = Callable[[int, int, str], None]
_BUSY = 0.25
"""Of the processors' time, before anything is measured; above it the figures say more of other programs."""


@dataclass(frozen=True)
class Sizes:
    """How much of everything. The defaults are those of the goals."""

    starts: int = 9
    tokens: int = 2_000
    rate: float = stalls.RATE
    messages: int = 10_000
    searches: int = 4
    words: int = 10_000
    chat_messages: int = 400
    openings: int = 9
    frames: int = 300
    monitor_rounds: int = 5
    monitor_tokens: int = 120
    work: int = monitor_cost.WORK


def bench(progress: Progress, sizes: Sizes | None = None) -> dict[str, Any]:
    """The keys of `cadre bench --part app --json`.

    Raises:
        KnownError: the window or an answer did not come.
    """
    s = sizes or Sizes()
    load = os.getloadavg()[0]
    with own_home() as home:
        progress(0, 5, "starting the app")
        figures = {"start": starting.measure(s.starts, home)}
        application()
        progress(1, 5, "streaming, switching, resizing")
        figures["stall"] = stalls.measure(s.tokens, s.rate)
        progress(2, 5, "searching and opening chats")
        figures |= _with_many_messages(s)
        progress(3, 5, "drawing the expert map")
        figures["map_frame"] = map_frame.measure(s.frames)
        progress(4, 5, "answering with and without the monitor")
        figures["monitor"] = monitor_cost.measure(s.monitor_rounds, s.monitor_tokens, s.work)
        here = machine_here(home, load)
    return {**{name: figure.to_json() for name, figure in figures.items()}, "machine": here, "notes": notes_on(here)}


def _with_many_messages(s: Sizes) -> dict[str, Figure]:
    with desktop(lambda: ScriptedEngine(Script("", 0))) as app:
        finding.fill(app.store, s.messages)
        search = finding.measure(app, s.messages, s.searches)
        long, many = opening.measure(app, s.words, s.chat_messages, s.openings)
    return {"search": search, "open": long, "open_many": many}


def machine_here(folder: Path, load: float) -> dict[str, Any]:
    """load: how many processes wanted a processor in the minute before."""
    from PySide6 import __version__
    from PySide6.QtGui import QGuiApplication

    told = machine(folder)
    return told | {"qt": __version__, "platform": QGuiApplication.platformName(), "load": round(load, 2)}


def notes_on(here: dict[str, Any]) -> list[str]:
    notes = []
    if here["load"] > _BUSY * here["cores"]:
        notes.append(f"The machine was busy before it began (load {here['load']:.1f} on {here['cores']} cores).")
    if here["platform"] == "offscreen":
        notes.append("Qt painted offscreen, into memory.")
    return notes
