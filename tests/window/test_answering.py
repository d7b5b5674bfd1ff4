"""Asking and being answered, through the real window."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.store.rows import Settings, State
from app.window.transcript.failure_view import FailureView
from app.window.transcript.text_view import TextView
from app.window.transcript.thinking_view import ThinkingView
from engine import messages as m
from tests.window import acting
from tests.window.acting import answering, end, failure, opening, pieces, tokens
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, inside, last_answer, named, shown_text, write


def test_a_question_is_answered_and_kept(qtbot, window, engine, store):
    engine.script = answering("Because it *scatters*.")

    write(qtbot, window, "Why is the sky blue?")
    ask = asked(qtbot, engine)
    idle(qtbot, window)

    assert [(turn.role, turn.content) for turn in ask.turns] == [("user", "Why is the sky blue?")]
    assert shown_text(last_answer(window)) == "Because it scatters."
    (chat,) = store.chats.all()
    assert chat.title == "Why is the sky blue?"
    answer = store.tree.path(chat.id)[-1].message
    assert (answer.text, answer.state) == ("Because it *scatters*.", State.DONE)
    assert answer.record["tokens_per_second"] == 31.4
    assert window.pane.composer.text() == ""


def test_what_goes_on_is_said_before_the_first_word(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    said = []
    window._answers.moved.connect(lambda _id: said.append(last_answer(window).stage))

    engine.give(*opening(request)[:4])
    qtbot.waitUntil(lambda: "Picking experts" in said, timeout=PATIENCE)
    engine.give(*opening(request)[4:7])
    qtbot.waitUntil(lambda: any(words.startswith("Reading ") for words in said), timeout=PATIENCE)
    engine.give(end(request, "So."))
    idle(qtbot, window)

    assert last_answer(window).stage == ""
    assert shown_text(last_answer(window)) == "So."


def test_it_streams(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request

    engine.give(*opening(request), *tokens(request, ["One ", "two"]))
    qtbot.waitUntil(lambda: shown_text(last_answer(window)) == "One two", timeout=PATIENCE)
    engine.give(end(request, "One two three."))
    idle(qtbot, window)

    assert shown_text(last_answer(window)) == "One two three."


def test_an_answer_looked_away_from_lacks_nothing_when_looked_at_again(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request, chat = asked(qtbot, engine).request, window.conversation.chat
    engine.give(*opening(request), *tokens(request, ["One "]))
    qtbot.waitUntil(lambda: shown_text(last_answer(window)).startswith("One"), timeout=PATIENCE)

    window.new_chat()
    engine.give(*tokens(request, ["two "]))
    qtbot.waitUntil(lambda: window._answers.running_in(chat).text == "One two ", timeout=PATIENCE)
    window.open_chat(chat)
    engine.give(*tokens(request, ["three"]))
    qtbot.waitUntil(lambda: "three" in shown_text(last_answer(window)), timeout=PATIENCE)

    assert shown_text(last_answer(window)) == "One two three"
    engine.give(end(request, "One two three."))
    idle(qtbot, window)


def test_stopping_freezes_the_text_at_once(qtbot, window, engine, store):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    engine.give(*opening(request), *tokens(request, ["One ", "two"]))
    qtbot.waitUntil(lambda: shown_text(last_answer(window)) == "One two", timeout=PATIENCE)

    qtbot.keyClick(window.pane.composer.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: m.Cancel(request) in engine.commands, timeout=PATIENCE)
    engine.give(*tokens(request, [" three"]), end(request, "One two three", "cancelled"))
    idle(qtbot, window)

    answer = store.tree.path(window.conversation.chat)[-1].message
    assert (answer.text, answer.state) == ("One two", State.STOPPED)
    assert shown_text(last_answer(window)) == "One two"


def test_escape_stops_from_anywhere(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request

    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Escape)

    qtbot.waitUntil(lambda: m.Cancel(request) in engine.commands, timeout=PATIENCE)
    engine.give(end(request, "", "cancelled"))
    idle(qtbot, window)


def test_a_failure_says_why_and_offers_another_try(qtbot, window, engine):
    engine.script = lambda ask: [failure(ask.request)]
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)
    view = last_answer(window)

    assert "needs 9.1 GB" in inside(view, FailureView).said()
    engine.script = answering("Now it works.")
    inside(view, FailureView).retry.click()
    asked(qtbot, engine, 2)
    idle(qtbot, window)

    assert shown_text(last_answer(window)) == "Now it works."
    assert last_answer(window).placed.number == 2


def test_a_mode_that_is_not_known_is_left_to_cadre(qtbot, window, engine):
    """The chat may come from a file."""
    window.conversation.set_settings(Settings(mode="psychic"))
    engine.script = answering("So.")

    write(qtbot, window, "Why?")

    assert asked(qtbot, engine).mode is m.Mode.AUTO
    idle(qtbot, window)


def test_the_engines_death_is_told_and_the_next_question_reaches_a_new_one(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    sentence = "The engine stopped unexpectedly (exit code -6)."

    engine.give(m.Failed(request, True, sentence, "Ask again: the engine starts anew."), m.EngineStopped(sentence))
    idle(qtbot, window)

    assert "exit code -6" in inside(last_answer(window), FailureView).said()
    assert window.pane.notice.isHidden()
    engine.script = answering("Here again.")
    write(qtbot, window, "Are you there?")
    ask = asked(qtbot, engine, 2)
    idle(qtbot, window)
    assert [turn.content for turn in ask.turns] == ["Why?", "Are you there?"]


def test_the_engines_death_is_told_where_the_answer_is_not_seen(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    window.new_chat()

    engine.give(m.Failed(request, True, "The engine stopped.", "Ask again."), m.EngineStopped("The engine stopped."))

    qtbot.waitUntil(lambda: "The engine stopped." in window.pane.notice._words.text(), timeout=PATIENCE)
    window.pane.notice.end()


def test_an_engine_that_cannot_start_is_told(qtbot, window, desktop, monkeypatch, caplog):
    from engine.errors import KnownError

    def fail():
        raise KnownError("There is no engine.", "Install it.")

    monkeypatch.setattr(desktop.line, "_make", fail)
    write(qtbot, window, "Why?")
    idle(qtbot, window)

    assert inside(last_answer(window), FailureView).said() == "There is no engine. Install it."


def test_earlier_turns_and_the_chats_settings_go_along(qtbot, window, engine):
    engine.script = answering("<think>Hm.</think>One.")
    write(qtbot, window, "First?")
    asked(qtbot, engine)
    idle(qtbot, window)
    window.conversation.set_settings(Settings(system="Be brief.", temperature=0.7, mode="exact"))

    write(qtbot, window, "Second?")
    ask = asked(qtbot, engine, 2)
    idle(qtbot, window)

    assert [(turn.role, turn.content) for turn in ask.turns] == [
        ("system", "Be brief."),
        ("user", "First?"),
        ("assistant", "One."),
        ("user", "Second?"),
    ]
    assert (ask.mode, ask.sampling.temperature) == (m.Mode.EXACT, 0.7)


def thought(window):
    thinking = last_answer(window).findChild(ThinkingView)
    return "" if thinking is None else thinking._fold.text()


def test_thinking_is_folded(qtbot, window, engine):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    engine.give(*opening(request), *tokens(request, pieces("<think>Let me see")))
    qtbot.waitUntil(lambda: thought(window).startswith("Thinking"), timeout=PATIENCE)

    engine.give(*tokens(request, [" it.</think>", "So."]), end(request, "<think>Let me see it.</think>So."))
    idle(qtbot, window)

    view = last_answer(window)
    assert shown_text(view) == "So."
    assert thought(window) == "Thought in 4 words ▸"
    thinking = inside(view, ThinkingView)
    assert thinking.findChildren(TextView) == []
    thinking._fold.click()
    assert [text.toPlainText() for text in thinking.findChildren(TextView)] == ["Let me see it."]
    assert view.plain() == "So."


def test_the_record_stands_behind_its_line(qtbot, window, engine):
    engine.script = answering("So.")
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)
    view = last_answer(window)

    line = named(view, "How this answer came about")
    assert line.text().startswith("used 30 % of the model · 31 tokens/s")
    assert not view._record.details.isVisible()
    line.click()

    assert view._record.details.isVisible()


def test_an_answer_goes_on_while_another_chat_is_shown(qtbot, window, engine, store):
    write(qtbot, window, "First chat")
    request = asked(qtbot, engine).request
    first = window.conversation.chat

    window.new_chat()
    engine.give(*opening(request), *tokens(request, ["One ", "two"]), end(request, "One two"))
    qtbot.waitUntil(lambda: store.tree.path(first)[-1].message.state is State.DONE, timeout=PATIENCE)

    assert window.pane.transcript.views() == []
    window.open_chat(first)
    assert shown_text(last_answer(window)) == "One two"


def test_it_is_written_as_it_streams(qtbot, window, engine, store, desktop, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(desktop.answers, "_clock", lambda: now[0])
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    chat = window.conversation.chat

    now[0] = 1.0
    engine.give(*opening(request), *tokens(request, ["One "]))
    qtbot.waitUntil(lambda: store.tree.path(chat)[-1].message.text == "One ", timeout=PATIENCE)

    engine.give(end(request, "One "))
    idle(qtbot, window)


def test_closing_the_app_keeps_what_was_written(qtbot, window, engine, store, desktop):
    write(qtbot, window, "Why?")
    request = asked(qtbot, engine).request
    chat = window.conversation.chat
    engine.give(*opening(request), *tokens(request, ["One ", "two"]))
    qtbot.waitUntil(lambda: shown_text(last_answer(window)) == "One two", timeout=PATIENCE)

    desktop.answers.close()

    answer = store.tree.path(chat)[-1].message
    assert (answer.text, answer.state) == ("One two", State.STOPPED)


def test_events_of_nobody_are_nobodys(qtbot, window, engine):
    engine.script = answering("So.")
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)

    with qtbot.waitSignal(window._answers._line.arrived, timeout=PATIENCE):
        engine.give(m.MemorySample("somebody else", acting.MEMORY))

    assert shown_text(last_answer(window)) == "So."
