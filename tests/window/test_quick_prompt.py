"""The quick prompt on the real widgets: ask, see, copy, insert, go on, give the focus back; and who opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QSystemTrayIcon, QWidget

from app.desktop.held import held
from app.window import theme
from app.window.models import Models
from app.window.quick import placing, resident
from app.window.quick.prompt import LONGEST, Step
from app.window.start import Desktop
from engine import messages as m
from engine.models.catalogue import InstalledModel
from engine.models.folders import Source
from tests.desktop.fakes import FakeHotkey, fake_parts
from tests.window import acting
from tests.window.acting import answering
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, write

REAL = InstalledModel("org/real", Path("/models/org/real"), 1, Source.CADRE, "qwen3_moe", None)


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))


@pytest.fixture
def looked():
    return [REAL]


@pytest.fixture
def desktop(qtbot, store, engine, looked, monkeypatch):
    theme.dress(dark=False)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    desktop = Desktop(store, lambda: engine, Models(look=lambda: looked), fake_parts())
    desktop.window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    yield desktop
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def prompt(desktop):
    return desktop.resident.prompt


@pytest.fixture
def panel(prompt):
    prompt.open()
    return prompt.panel


def ask(qtbot, panel, text: str) -> None:
    qtbot.keyClicks(panel.field, text)
    qtbot.keyClick(panel.field, Qt.Key.Key_Return)


def until(qtbot, condition) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def done(qtbot, prompt) -> None:
    until(qtbot, lambda: prompt.step in {Step.SEEN, Step.UNSEEN})


def shown(panel) -> set[str]:
    return {name for name, button in panel._acts.items() if button.isVisibleTo(panel)}


# --- asking -----------------------------------------------------------------------------------------------


def test_an_answer_streams_and_goes_first(qtbot, prompt, panel, engine):
    ask(qtbot, panel, "Why?")
    command = asked(qtbot, engine)
    engine.give(*acting.opening(command.request), *acting.tokens(command.request, ["Because", " of"]))
    until(qtbot, lambda: panel.answer.plain() == "Because of")

    assert command.priority is m.Priority.QUICK_PROMPT
    assert command.model == str(REAL.path)
    assert panel.field.toPlainText() == ""
    assert shown(panel) == set()
    engine.give(acting.end(command.request, "Because of air."))
    done(qtbot, prompt)
    assert panel.answer.plain() == "Because of air."
    assert shown(panel) == {"copy", "insert", "continue"}
    assert "tokens/s" in panel._record.accessibleName()
    assert panel._record.text().startswith("used 30")


def test_before_the_first_word_the_stage_is_said(qtbot, panel, engine):
    ask(qtbot, panel, "Why?")
    engine.give(*acting.opening(asked(qtbot, engine).request)[:5])

    until(qtbot, lambda: panel._words.text().startswith("Reading"))


def test_a_second_question_goes_on_with_the_first(qtbot, prompt, panel, engine):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "One?")
    done(qtbot, prompt)
    ask(qtbot, panel, "Two?")

    turns = asked(qtbot, engine, 2).turns
    assert [turn.content for turn in turns] == ["One?", "Yes.", "Two?"]
    done(qtbot, prompt)


def test_thinking_is_not_shown_nor_copied(qtbot, prompt, panel, engine):
    engine.script = answering("<think>Hm.</think>Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)

    panel._acts["copy"].click()

    assert QGuiApplication.clipboard().text() == "Yes."


def test_stop_stops_and_keeps_what_was_written(qtbot, prompt, panel, engine):
    ask(qtbot, panel, "Why?")
    request = asked(qtbot, engine).request
    engine.give(*acting.opening(request), *acting.tokens(request, ["Be"]))
    until(qtbot, lambda: panel.answer.plain() == "Be")

    panel._send.click()
    until(qtbot, lambda: any(isinstance(command, m.Cancel) for command in engine.commands))
    engine.give(acting.end(request, "Be", "cancelled"))
    done(qtbot, prompt)

    assert panel.answer.plain() == "Be"


def test_a_failure_says_what_to_do_and_can_be_tried_again(qtbot, prompt, panel, engine):
    ask(qtbot, panel, "Why?")
    engine.give(acting.failure(asked(qtbot, engine).request))
    done(qtbot, prompt)
    assert "9.1 GB" in panel._words.text()
    assert "Choose a smaller budget" in panel._words.text()
    assert "again" in shown(panel)

    engine.script = answering("Yes.")
    panel._acts["again"].click()
    done(qtbot, prompt)

    assert asked(qtbot, engine, 2).turns[-1].content == "Why?"
    assert panel.answer.plain() == "Yes."


def test_a_busy_engine_is_said(qtbot, desktop, panel, engine):
    write(qtbot, desktop.window, "Long?")
    asked(qtbot, engine)

    ask(qtbot, panel, "Short?")

    assert panel._words.text() == "Waiting for the other answer"


class TestWithoutAModel:
    @pytest.fixture
    def looked(self):
        return []

    def test_it_says_so_and_keeps_what_was_typed(self, qtbot, desktop, prompt, panel, engine):
        assert "needs a model" in panel._words.text()
        ask(qtbot, panel, "Why?")

        assert engine.asked == []
        assert panel.field.toPlainText() == "Why?"
        panel._acts["models"].click()
        assert desktop.models_page.isVisible()
        assert not panel.isVisible()


# --- there and gone ---------------------------------------------------------------------------------------


def test_escape_gives_the_focus_back_and_the_answer_goes_on(qtbot, desktop, prompt, panel, engine):
    front = desktop.parts.front
    assert front.front == "Cadre"
    ask(qtbot, panel, "Why?")
    request = asked(qtbot, engine).request

    qtbot.keyClick(panel.field, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert front.front == "Notes"
    engine.give(*acting.opening(request), *acting.tokens(request, ["Yes."]), acting.end(request, "Yes."))
    until(qtbot, lambda: prompt.step is Step.UNSEEN)

    prompt.open()
    assert panel.answer.plain() == "Yes."
    prompt.dismiss()
    prompt.open()
    assert panel.answer.plain() == ""


def test_what_was_typed_stays(qtbot, prompt, panel):
    qtbot.keyClicks(panel.field, "half a thou")
    prompt.dismiss()
    prompt.open()

    assert panel.field.toPlainText() == "half a thou"


def test_the_window_goes_on_with_the_exchange(qtbot, desktop, prompt, panel, engine, store):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    desktop.window.hide()

    panel._acts["continue"].click()

    assert desktop.window.isVisible()
    assert not panel.isVisible()
    path = desktop.window.conversation.path()
    assert [placed.message.text for placed in path] == ["Why?", "Yes."]
    assert [chat.title for chat in store.chats.all()] == ["Why?"]


def test_a_chat_deleted_in_the_window_is_not_gone_on_with(qtbot, desktop, prompt, panel, engine, store):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "One?")
    done(qtbot, prompt)
    desktop.window.delete_chat(store.chats.all()[0].id)

    ask(qtbot, panel, "Two?")
    done(qtbot, prompt)

    assert [turn.content for turn in asked(qtbot, engine, 2).turns] == ["Two?"]


def test_the_draft_of_the_window_is_not_touched(qtbot, desktop, prompt, panel, engine):
    desktop.window.pane.composer.field.setPlainText("a draft")
    desktop.window.pane.composer.flush()
    engine.script = answering("Yes.")

    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)

    assert desktop.window.conversation.draft() == "a draft"


# --- text from and for other programs -----------------------------------------------------------------------


def test_nothing_of_others_is_read_before_it_is_asked_for(qtbot, desktop, prompt, panel, engine):
    desktop.parts.selection.selected = "secret"
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)

    assert desktop.parts.selection.read == 0


def test_selected_text_is_added_under_the_question(qtbot, desktop, panel):
    desktop.parts.selection.selected = "  Blue light.\n"
    qtbot.keyClicks(panel.field, "Explain")
    panel.take.click()
    qtbot.keyClicks(panel.field, " this")

    assert panel.field.toPlainText() == "Explain this\n\nBlue light."


def test_without_a_selection_the_clipboard_is_taken(desktop, panel):
    QGuiApplication.clipboard().setText("from the clipboard")
    panel.take.click()

    assert panel.field.toPlainText().strip() == "from the clipboard"


def test_nothing_to_take_and_too_much_are_said(desktop, panel):
    QGuiApplication.clipboard().clear()  # Qt has not even an empty thing for it
    desktop.parts.selection.why_not = "Cadre may not see it."
    panel.take.click()
    assert "Nothing is selected" in panel._words.text()
    assert "may not see it" in panel._words.text()

    QGuiApplication.clipboard().setText("x" * (LONGEST + 1))
    panel.take.click()
    assert "too long" in panel._words.text()
    assert panel.field.toPlainText() == ""


def test_an_answer_is_inserted_when_the_other_program_is_back_and_keys_are_up(qtbot, desktop, prompt, panel, engine):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    keys = desktop.parts.keys
    keys.holding = 3

    with qtbot.waitSignal(prompt.inserting.pressed, timeout=PATIENCE):
        panel._acts["insert"].click()

    assert keys.pasted == 1
    assert keys.holding == 0
    assert not panel.isVisible()
    assert desktop.parts.pasteboard.read() == "Yes."
    assert desktop.parts.front.front == "Notes"
    until(qtbot, lambda: desktop.parts.pasteboard.content == "what was there")


def test_nothing_is_typed_into_a_program_that_is_not_the_one(qtbot, desktop, prompt, panel, engine):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    desktop.parts.front.comes_back = False

    with qtbot.waitSignal(prompt.inserting.ended, timeout=PATIENCE):
        panel._acts["insert"].click()

    assert desktop.parts.keys.pasted == 0
    assert panel.isVisible()
    assert "Copied, not inserted" in panel._words.text()


def test_where_cadre_may_not_type_it_copies_and_says_so(qtbot, desktop, prompt, panel, engine):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    desktop.parts.keys.why_not = "Cadre needs Accessibility."

    panel._acts["insert"].click()

    assert panel._words.text() == "Copied. Cadre needs Accessibility."
    assert desktop.parts.pasteboard.content == "Yes."
    assert panel.isVisible()


def test_all_of_it_by_keys(qtbot, desktop, prompt, panel, engine):
    keys, command, shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    until(qtbot, panel.isActiveWindow)
    desktop.parts.selection.selected = "Blue."
    qtbot.keyClick(panel.field, keys.Key_V, command | shift)
    assert "Blue." in panel.field.toPlainText()
    qtbot.keyClick(panel.field, keys.Key_Return)
    request = asked(qtbot, engine).request
    engine.give(*acting.opening(request), *acting.tokens(request, ["Be"]))
    until(qtbot, lambda: panel.answer.plain() == "Be")
    qtbot.keyClick(panel.field, keys.Key_Period, command)
    until(qtbot, lambda: any(isinstance(sent, m.Cancel) for sent in engine.commands))
    engine.give(acting.end(request, "Be", "cancelled"))
    done(qtbot, prompt)
    qtbot.keyClick(panel.field, keys.Key_C, command | shift)
    assert QGuiApplication.clipboard().text() == "Be"
    with qtbot.waitSignal(prompt.inserting.pressed, timeout=PATIENCE):
        qtbot.keyClick(panel.field, keys.Key_Return, command)
    assert len(engine.asked) == 1


# --- who opens it -----------------------------------------------------------------------------------------


def test_the_key_opens_and_closes_it(desktop, prompt):
    desktop.parts.hotkey.press("Alt+Space")
    assert prompt.panel.isVisible()
    desktop.parts.hotkey.press("Alt+Space")
    assert not prompt.panel.isVisible()


def test_the_key_can_be_another_or_none(desktop):
    hotkey = desktop.parts.hotkey
    desktop.preferences.set(dictation_key="")
    desktop.preferences.set(hotkey="Ctrl+Shift+K")
    assert [chord.key for chord in hotkey.listening] == ["K"]
    desktop.preferences.set(hotkey="")
    assert hotkey.listening == {}


@pytest.mark.parametrize(("key", "told"), [("Ctrl+Alt+J", "Another program"), ("K", "taken from every program")])
def test_a_key_that_does_not_work_is_told_in_the_settings(desktop, key, told):
    from app.desktop.chord import Chord

    desktop.parts.hotkey.taken = {Chord.of("Ctrl+Alt+J")}
    desktop.show_settings()
    desktop.preferences.set(hotkey=key)
    assert told in desktop.settings.hotkey.about

    desktop.preferences.set(hotkey="Alt+Space")
    assert "Press the keys" in desktop.settings.hotkey.about


def test_the_key_is_free_again_when_cadre_ends(qtbot, store, engine, monkeypatch):
    desktop = Desktop(store, lambda: engine, Models(look=list), fake_parts())
    hotkey = desktop.parts.hotkey
    assert isinstance(hotkey, FakeHotkey)
    assert hotkey.listening
    desktop.close()
    assert not hotkey.listening


# --- the sign, the Dock, naps -----------------------------------------------------------------------------


def test_the_sign_says_what_goes_on(qtbot, desktop, panel, engine):
    sign = desktop.resident.sign
    assert sign.state.text() == "Ready"
    ask(qtbot, panel, "Why?")
    request = asked(qtbot, engine).request
    engine.give(*acting.opening(request), *acting.tokens(request, ["Be"]))
    until(qtbot, lambda: sign.state.text() == "Answering")

    assert sign.model.text() == "real"
    assert "4.2 GB" in sign.memory.text()
    assert sign.stop.isVisible()
    sign.stop.trigger()
    until(qtbot, lambda: any(isinstance(command, m.Cancel) for command in engine.commands))
    engine.give(acting.end(request, "Be", "cancelled"))
    until(qtbot, lambda: sign.state.text() == "Ready")
    assert not sign.stop.isVisible()


def test_idle_the_sign_says_what_is_really_held(qtbot, desktop, prompt, panel, engine, monkeypatch):
    """The engine gives back what lies idle."""
    sign = desktop.resident.sign
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    monkeypatch.setattr(resident, "held", lambda: 620_000_000)

    sign.menu.aboutToShow.emit()

    assert sign.memory.text() == "0.6 GB of memory"


def test_what_is_held_counts_the_engines_process():
    alone = held()
    with subprocess.Popen([sys.executable, "-c", "x = b'x' * 50_000_000; print(1, flush=True); input()"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        assert held() > alone + 40_000_000
        child.communicate(b"\n")


def test_cadre_is_kept_awake_only_while_it_answers(qtbot, desktop, prompt, panel, engine):
    holding = desktop.parts.awake.holding
    ask(qtbot, panel, "Why?")
    assert len(holding) == 1
    engine.script = None
    engine.give(acting.failure(asked(qtbot, engine).request))
    done(qtbot, prompt)
    assert holding == []


def test_in_the_dock_while_there_is_a_window(desktop):
    desktop.window.hide()
    assert not desktop.parts.dock.shown
    desktop.resident.show_window()
    assert desktop.parts.dock.shown


def test_a_closed_window_ends_cadre_only_when_it_is_not_to_stay(qtbot, desktop):
    left: list[bool] = []
    desktop.resident.leave.connect(lambda: left.append(True))
    desktop.window.close()
    assert left == []

    desktop.preferences.set(stays=False)
    desktop.resident.show_window()
    desktop.window.close()
    assert left == [True]


def test_an_answer_is_finished_before_cadre_ends(qtbot, desktop, engine):
    left: list[bool] = []
    desktop.resident.leave.connect(lambda: left.append(True))
    desktop.preferences.set(stays=False)
    write(qtbot, desktop.window, "Why?")
    request = asked(qtbot, engine).request

    desktop.window.close()
    assert left == []
    engine.give(*acting.opening(request), acting.end(request, "Yes."))
    until(qtbot, lambda: left)


# --- looks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", [QRect(0, 0, 1440, 900), QRect(-1080, 300, 1080, 1920), QRect(1440, 0, 500, 400)])
def test_it_stands_on_the_screen_it_was_called_on(screen):
    wide = placing.width(screen)
    at = placing.corner(screen, wide)

    assert screen.contains(at)
    assert screen.contains(at + QPoint(wide, 0))
    assert at.y() - screen.top() < screen.height() / 3
    assert at.y() + placing.tallest_answer(screen) <= screen.bottom()


def test_a_long_answer_grows_to_a_limit_and_scrolls(qtbot, prompt, panel, engine):
    low = panel.height()
    engine.script = answering("A line.\n\n" * 200)
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)
    limit = placing.tallest_answer(panel.screen().availableGeometry())

    assert panel.answer.height() == limit
    assert low + limit < panel.height() < low + limit + 200
    bar = panel.answer.verticalScrollBar()
    until(qtbot, lambda: bar.maximum() > 0 and bar.value() == bar.maximum())


def test_larger_text_reaches_the_panel(prompt, panel, desktop):
    def widths():
        return {name: button.maximumWidth() for name, button in panel._acts.items()}

    before, size = widths(), panel.field.document().defaultFont().pointSizeF()

    desktop.preferences.set(text_size=200)

    assert panel.field.document().defaultFont().pointSizeF() == pytest.approx(2 * size)
    assert all(width > 1.5 * before[name] for name, width in widths().items())


def test_with_large_text_the_record_stands_whole_over_the_buttons(panel, desktop):
    line = "demonstration · used 12 % of the model · 24 tokens/s · 3.1 s"
    panel.answer.say("So.")
    panel.offer("copy", "insert", "continue", record=line)
    assert panel._record.geometry().center().y() == panel._acts["copy"].geometry().center().y()

    desktop.preferences.set(text_size=200)
    panel.appear()

    assert panel._record.text() == line
    assert panel._record.geometry().bottom() < panel._acts["copy"].geometry().top()
    assert panel._rest.rect().contains(panel._acts["copy"].geometry())


def test_the_systems_size_is_back_when_cadre_ends(store, engine):
    before = theme.body().pointSizeF()
    desktop = Desktop(store, lambda: engine, Models(look=list), fake_parts())
    desktop.preferences.set(text_size=150)
    assert theme.body().pointSizeF() == pytest.approx(1.5 * before)

    desktop.close()

    assert theme.body().pointSizeF() == pytest.approx(before)


def test_every_control_has_a_name(qtbot, prompt, panel, engine):
    engine.script = answering("Yes.")
    ask(qtbot, panel, "Why?")
    done(qtbot, prompt)

    buttons = panel.findChildren(QAbstractButton)
    assert len(buttons) >= 5
    assert [button for button in buttons if not button.accessibleName() and not button.objectName()] == []
    assert panel.field.accessibleName()
    assert all(widget.accessibleName() or not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
               for widget in panel.findChildren(QWidget) if widget.isVisible())  # fmt: skip


def test_the_menu_has_it(desktop, prompt):
    action = next(a for a in desktop.window.findChildren(QAction) if a.text() == "Quick Prompt")
    action.trigger()

    assert prompt.panel.isVisible()
