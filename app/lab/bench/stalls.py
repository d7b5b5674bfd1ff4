"""How long the interface thread is away while an answer streams, chats switch and the window resizes.

A timer of a millisecond notes when the event loop comes round; a longer pause between two notes is a time in which
no click and no key would have been answered. Interface thread.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, QTimer

from app.lab.bench import writing
from app.lab.bench.figures import Figure
from app.lab.bench.scripted import Script, ScriptedEngine
from app.lab.bench.stage import SIZE, desktop, wait_for
from app.store.rows import State
from app.store.store import Store
from app.window.start import Desktop

GOAL = 0.05
RATE = 100.0
"""Tokens per second of the scripted engine; three times a fast answer on a Mac."""
ACT_MS = 250
_RESIZE_MS = 16
_WIDTHS = (860, 1280)
_CHATS = 6


class Act(StrEnum):
    WATCH = "streaming"
    SWITCH = "switching"
    RESIZE = "resizing"


class Turn(NamedTuple):
    """pause: seconds since the turn before; busy: of them on the processor, whatever else the machine had to do."""

    when: float
    pause: float
    busy: float


class Turns(QObject):
    """Every turn of the event loop that was noted."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[Turn] = []
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self, interval=1, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._note)
        self._timer.start()

    def _note(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.noted.append(Turn(now, now - self._last, worked - self._worked))
        self._last, self._worked = now, worked

    def stop(self) -> None:
        self._timer.stop()

    def longest(self, began: float, ended: float) -> tuple[float, float]:
        """Pause and busy, of the turns that lie in this span, in part or whole; 0 where none was noted."""
        turns = [turn for turn in self.noted if turn.when > began and turn.when - turn.pause < ended]
        return max((t.pause for t in turns), default=0.0), max((t.busy for t in turns), default=0.0)


class Acting(QObject):
    """What a person does while the answer comes: looks on, then goes through chats, then pulls at the window's edge."""

    def __init__(self, desktop: Desktop, chats: list[int], seconds: float) -> None:
        super().__init__()
        self._window, self._chats = desktop.window, chats
        self._began, self._seconds = time.perf_counter(), seconds
        self.acts: list[tuple[float, Act]] = []
        self._next = self._timer(ACT_MS, self._act)
        self._pull = self._timer(_RESIZE_MS, self._resize)
        self._next.start()
        self._act()

    def _timer(self, interval: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self, interval=interval)
        timer.timeout.connect(then)
        return timer

    def _act(self) -> None:
        act = self._due()
        self.acts.append((time.perf_counter(), act))
        if act is Act.SWITCH:
            self._window.open_chat(self._chats[len(self.acts) % len(self._chats)])
        elif act is Act.RESIZE and not self._pull.isActive():
            self._window.open_chat(self._chats[0])
            self._pull.start()

    def _due(self) -> Act:
        share = (time.perf_counter() - self._began) / self._seconds
        return Act.WATCH if share < 0.4 else Act.SWITCH if share < 0.7 else Act.RESIZE

    def _resize(self) -> None:
        """Out and in again, once in two seconds."""
        narrow, wide = _WIDTHS
        phase = (time.perf_counter() - self._began) % 2.0
        self._window.resize(narrow + round((wide - narrow) * abs(phase - 1.0)), SIZE[1])

    def stop(self) -> None:
        self._next.stop()
        self._pull.stop()


def measure(tokens: int, rate: float = RATE) -> Figure:
    """One take is the longest pause within a quarter of a second; the monitor is open.

    Raises:
        KnownError: the answer did not come.
    """
    script = Script(writing.answer(tokens), tokens, rate)
    with desktop(lambda: ScriptedEngine(script)) as app:
        chats = _ordinary_chats(app.store)
        app.window.toggle_monitor()
        app.window.conversation.send("Write something long.")
        streamed = app.window.conversation.chat
        assert streamed is not None
        wait_for(app.answers.moved)  # the engine's process is there
        turns, acting = Turns(), Acting(app, [streamed, *chats], tokens / rate)
        wait_for(app.answers.ended)
        ended = time.perf_counter()
        acting.stop()
        turns.stop()
        record = app.store.tree.path(streamed)[-1].message.record
    assert record is not None
    return _figure(turns, acting.acts, ended, record["tokens"]["generated"], rate)


def _figure(turns: Turns, acts: list[tuple[float, Act]], ended: float, tokens: int, rate: float) -> Figure:
    ends = [*(when for when, _ in acts[1:]), ended]
    takes = [(act, *turns.longest(began, end)) for (began, act), end in zip(acts, ends, strict=True)]
    return Figure(
        f"Longest pause of the interface while {tokens:,} tokens stream, chats switch and the window resizes",
        "s",
        GOAL,
        tuple(pause for _, pause, _ in takes),
        judged="worst",
        details=(
            ("tokens", tokens),
            ("tokens_per_second", rate),
            ("turns", len(turns.noted)),
            ("worst_busy", max((busy for _, _, busy in takes), default=0.0)),
            ("worst_of", {act: max((p for a, p, _ in takes if a is act), default=None) for act in Act}),
            ("worst_busy_of", {act: max((b for a, _, b in takes if a is act), default=None) for act in Act}),
        ),
    )


def _ordinary_chats(store: Store) -> list[int]:
    """Some screens long, with code and a table here and there."""
    chats = []
    for number in range(_CHATS):
        chat, parent, chance = store.chats.add(f"A chat, {number + 1}").id, None, random.Random(number)
        for turn in range(5):
            question = store.tree.say(chat, parent, writing.sentence(chance))
            answer = store.tree.begin_answer(chat, question.id)
            store.tree.finish(answer.id, writing.answer(150, seed=10 * number + turn), State.DONE)
            parent = answer.id
        chats.append(chat)
    return chats
