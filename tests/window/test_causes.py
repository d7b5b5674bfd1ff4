"""Why the window is quick: what it does not do. Nothing is timed here; `cadre bench --part app` measures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from app.window.answers import WRITE_SECONDS
from app.window.engine_line import FRAMES, EngineLine
from engine import messages as m
from tests.window.acting import end, opening, pieces, tokens
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, last_answer, write

WORDS = pieces("word " * 300)


class Paints(QObject):
    """How often a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        self.count += event.type() is QEvent.Type.Paint
        return False


def streaming(qtbot, window, engine) -> str:
    write(qtbot, window, "Why?")
    request: str = asked(qtbot, engine).request
    engine.give(*opening(request), *tokens(request, ["One "]))
    qtbot.waitUntil(lambda: "One" in last_answer(window).plain(), timeout=PATIENCE)
    return request


@pytest.mark.parametrize("count", [30, 300])
def test_a_batch_of_tokens_costs_one_frame_however_many_they_are(qtbot, qapp, window, engine, count):
    window.toggle_monitor()
    request = streaming(qtbot, window, engine)
    qapp.processEvents()
    text, pane = last_answer(window).texts()[0], window.monitor
    painted = [Paints(widget) for widget in (text.viewport(), pane._map, pane._coverage)]

    window._answers._take([(100.0, event) for event in tokens(request, WORDS[:count])])
    for _ in range(5):
        qapp.processEvents()

    assert all(1 <= one.count <= 3 for one in painted), [one.count for one in painted]
    engine.give(end(request, "One."))
    idle(qtbot, window)


def test_the_next_batch_waits_until_a_frame_is_over(qtbot, engine):
    line = EngineLine(lambda: engine)
    line._since.start()
    line._since.elapsed = lambda: 5  # type: ignore[method-assign] # since the last batch, in milliseconds

    line._schedule()

    assert line._frame.interval() == 1000 // FRAMES - 5
    line.close()


def test_an_answer_is_written_twice_a_second_and_not_with_every_token(qtbot, store, window, engine):
    now = [1000.0]
    window._answers._clock = lambda: now[0]
    request = streaming(qtbot, window, engine)
    answer = window._answers.latest().message.id
    ran: list[str] = []
    store.tree._db.set_trace_callback(ran.append)

    for number, event in enumerate(tokens(request, WORDS[:100])):
        now[0] = 1001.0 + 0.02 * number
        window._answers._take([(now[0], event)])
    store.tree._db.set_trace_callback(None)

    written = {words for words in ran if words.startswith("UPDATE messages")}  # a trigger has a statement told again
    assert 100 * 0.02 / WRITE_SECONDS - 1 <= len(written) <= 100 * 0.02 / WRITE_SECONDS + 1
    lost = len(window._answers.latest().text) - len(store.tree.get(answer).text)
    assert 0 <= lost <= len("word ") * WRITE_SECONDS / 0.02
    assert [words for words in ran if words.startswith("SELECT")] == []
    engine.give(end(request, "One."))
    idle(qtbot, window)


def test_a_question_does_not_wait_for_the_engine(qtbot, window, engine, monkeypatch):
    """It is on its way, and the window answers to keys, while the engine has not even taken it."""
    held: list[m.Command] = []
    monkeypatch.setattr(window._answers._line, "send", held.append)

    write(qtbot, window, "Why?")

    assert [type(command) for command in held] == [m.Ask]
    assert window.pane.composer.text() == ""
    window._answers.close()


def test_opening_a_chat_reads_no_other_chats(window, store):
    chats = [store.chats.add(f"Chat {number}").id for number in range(3)]
    for chat in chats:
        store.tree.say(chat, None, "Hello")
    ran: list[str] = []
    store.tree._db.set_trace_callback(ran.append)

    window.open_chat(chats[1])
    store.tree._db.set_trace_callback(None)

    assert [words for words in ran if "FROM chats" in words and "id = " not in words] == []
