"""The line to the engine: threads of its own, batches, a real engine of either kind behind the window."""

from __future__ import annotations

import itertools
import threading
from itertools import pairwise

import pytest
from PySide6.QtCore import QTimer

from app.store.rows import Settings
from app.window.engine_line import BATCH, EngineLine
from app.window.models import Models
from app.window.start import Desktop
from app.window.transcript.failure_view import FailureView
from engine import messages as m
from engine.errors import KnownError
from engine.link import ProcessEngine, ThreadEngine
from tests.window.acting import ActingEngine, opening
from tests.window.conftest import PATIENCE
from tests.window.driving import inside, last_answer, write

ASK = m.Ask("r", "builtin", (m.Turn("user", "hi"),))


class Watched(ActingEngine):
    """Notes who calls."""

    def __init__(self) -> None:
        super().__init__()
        self.callers: set[str] = {threading.current_thread().name}

    def send(self, command):
        self.callers.add(threading.current_thread().name)
        super().send(command)

    def get(self, timeout=None):
        self.callers.add(threading.current_thread().name)
        return super().get(timeout)

    def close(self):
        self.callers.add(threading.current_thread().name)
        super().close()


@pytest.fixture
def line():
    lines = []

    def make(engine_maker, **others):
        lines.append(EngineLine(engine_maker, **others))
        return lines[-1]

    yield make
    for each in lines:
        each.close()


def test_the_engine_starts_with_the_first_command_and_never_on_the_interface_thread(qtbot, line):
    made = []

    def make():
        made.append(Watched())
        return made[-1]

    one = line(make)
    assert made == []
    with qtbot.waitSignal(one.arrived, timeout=PATIENCE):
        one.send(ASK)
        qtbot.waitUntil(lambda: bool(made), timeout=PATIENCE)
        made[0].give(*opening("r")[:1])
    one.close()

    assert len(made) == 1
    assert made[0].callers == {"cadre-commands", "cadre-events"}
    assert made[0].closed


def test_events_come_in_order_and_in_few_batches(qtbot, line):
    engine = ActingEngine()
    one = line(lambda: engine)
    batches: list[list[int]] = []
    one.arrived.connect(lambda batch: batches.append([event.done for _, event in batch]))

    engine.give(*[m.ModelLoading("r", "m", number, 3000) for number in range(3000)])
    one.send(ASK)
    qtbot.waitUntil(lambda: sum(map(len, batches)) == 3000, timeout=PATIENCE)

    assert [number for batch in batches for number in batch] == list(range(3000))
    assert len(batches) < 2 * 3000 / BATCH


def test_what_has_piled_up_comes_in_several_turns(qtbot, line):
    """What else the interface has to do comes in between, also when every batch takes as long as a turn may."""
    engine, seconds = ActingEngine(), itertools.count()
    heard: list[int] = []
    a_click = 0
    one = line(lambda: engine, worked=lambda: float(next(seconds)))

    def take(batch):
        heard.append(len(batch))
        QTimer.singleShot(0, lambda: heard.append(a_click))

    one.arrived.connect(take)
    engine.give(*[m.ModelLoading("r", "m", number, 3000) for number in range(3000)])
    one.send(ASK)
    qtbot.waitUntil(lambda: sum(heard) == 3000, timeout=PATIENCE)

    batches = [at for at, what in enumerate(heard) if what != a_click]
    assert len(batches) > 50
    assert all(a_click in heard[one:other] for one, other in pairwise(batches))


def test_an_engine_that_breaks_while_it_starts_fails_the_question(qtbot, line, caplog):
    def fail():
        raise KnownError("No.", "Do this.")

    one = line(fail)
    with qtbot.waitSignal(one.arrived, timeout=PATIENCE) as arrived:
        one.send(ASK)

    assert [event for _, event in arrived.args[0]] == [m.Failed("r", True, "No.", "Do this.")]


def test_closing_without_ever_asking_starts_nothing(line):
    made = []

    line(lambda: made.append(1)).close()

    assert made == []


def test_the_built_in_model_answers_in_the_window(qtbot, store):
    desktop = Desktop(store, ThreadEngine, Models(look=list))
    window = desktop.window
    window.show()
    window.conversation.set_settings(Settings(max_tokens=6))

    write(qtbot, window, "hello")
    qtbot.waitUntil(lambda: store.chats.all() != [], timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.conversation.answering(), timeout=90_000)

    record = last_answer(window).placed.message.record
    assert record is not None, inside(last_answer(window), FailureView).said()
    assert record["tokens"]["generated"] <= 6
    desktop.close()


def test_a_child_that_is_killed_is_told_and_replaced(qtbot, store):
    engines: list[ProcessEngine] = []

    def make():
        engines.append(ProcessEngine())
        return engines[-1]

    desktop = Desktop(store, make, Models(look=list))
    window = desktop.window
    window.show()
    window.conversation.set_settings(Settings(max_tokens=200_000))
    write(qtbot, window, "hello")
    answer = desktop.answers.latest()
    assert answer is not None
    qtbot.waitUntil(lambda: answer.view.tokens > 0, timeout=90_000)

    assert engines[0]._child is not None
    engines[0]._child._process.kill()
    qtbot.waitUntil(lambda: not window.conversation.answering(), timeout=PATIENCE)
    assert "stopped unexpectedly" in inside(last_answer(window), FailureView).said()
    window.pane.notice.end()

    window.conversation.set_settings(Settings(max_tokens=4))
    write(qtbot, window, "again")
    qtbot.waitUntil(window.conversation.answering, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not window.conversation.answering(), timeout=90_000)
    assert last_answer(window).placed.message.record is not None
    desktop.close()
