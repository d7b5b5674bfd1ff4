"""Dictation on the real widgets: keys, buttons, Escape, the pill; and the window of earlier ones, by keys alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QComboBox, QKeySequenceEdit, QPlainTextEdit, QSystemTrayIcon, QWidget

from app import settings
from app.audio.spool import Spool
from app.desktop import doorbell
from app.desktop.chord import Chord
from app.dictation.recognisers import choices
from app.dictation.shown import Do, Shown, Stage
from app.dictation.tidier import tidier
from app.settings import Settings
from app.voice.aloud import Aloud
from app.voice.voices import Spoken
from app.window import theme
from app.window.dictation.pill import Pill, last_words
from app.window.models import Models
from app.window.start import Desktop
from engine import messages as m
from engine.models.catalogue import InstalledModel
from engine.models.folders import Source
from tests.audio.microphones import Microphones, wave
from tests.desktop.fakes import fake_parts
from tests.window.conftest import PATIENCE
from tests.window.driving import named
from tests.window.speaking import written
from tests.window.test_dictating import MICROPHONE, Clock

KEY = "Alt+Shift+Space"
ESCAPE = Chord(frozenset(), "Esc")
WHISPER = InstalledModel(
    "org/whisper-tiny-asr", Path("/models/whisper"), 1, Source.CADRE, "whisper", "not for chats", speech="whisper"
)


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)


@pytest.fixture
def microphones():
    return Microphones(MICROPHONE)


def made(qtbot, store, engine, microphones):
    theme.dress(dark=False)
    desktop = Desktop(store, lambda: engine, Models(look=lambda: [WHISPER]), fake_parts(), microphones)
    front: Any = desktop.parts.front
    front.cadre_comes = False
    desktop.dictation.dictating.clock = Clock()
    desktop.window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    return desktop


@pytest.fixture
def desktop(qtbot, store, engine, microphones):
    desktop = made(qtbot, store, engine, microphones)
    yield desktop
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desk(desktop):
    return desktop.dictation


@pytest.fixture
def elsewhere(desktop):
    """The person is in another program."""
    desktop.window.hide()
    return desktop.parts


def until(qtbot, condition) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def say(desk, microphones, seconds=1.0) -> None:
    for _ in range(round(seconds * 10)):
        desk.dictating.clock.now += 0.1
        microphones.say(wave(0.1, 16_000))
        desk.dictating.pump()


def answered(qtbot, engine, text) -> None:
    """What the engine was asked to write down comes back as this."""
    until(qtbot, lambda: [c for c in engine.commands if isinstance(c, m.EndOfSpeech)])
    engine.give(written([c for c in engine.commands if isinstance(c, m.EndOfSpeech)][-1].request, text))


def stage(desk) -> Any:
    return desk.dictating.showing.now.stage


# --- keys -------------------------------------------------------------------------------------------------


def test_held_over_another_program_the_key_listens_and_the_text_comes(qtbot, desk, elsewhere, engine, microphones):
    elsewhere.hotkey.down(KEY)
    assert desk.pill.isVisible()
    assert int(desk.pill.winId()) in elsewhere.panels.raised
    say(desk, microphones)
    elsewhere.hotkey.up(KEY)
    assert stage(desk) is Stage.WORKING
    answered(qtbot, engine, "hello there")

    until(qtbot, lambda: stage(desk) is Stage.INSERTED)
    assert elsewhere.pasteboard.read() == "hello there"
    desk.dictating.clock.now += 1.0
    until(qtbot, lambda: elsewhere.pasteboard.content == "what was there")
    until(qtbot, lambda: not desk.pill.isVisible())


def test_pressed_shortly_it_listens_until_the_next_press(desk, elsewhere, microphones):
    elsewhere.hotkey.press(KEY)
    say(desk, microphones)
    assert stage(desk) is Stage.LISTENING
    elsewhere.hotkey.press(KEY)

    assert stage(desk) is Stage.WORKING


def test_the_keys_can_be_others_or_none_and_say_when_they_do_not_work(desktop, desk):
    hotkey = desktop.parts.hotkey
    hotkey.taken = {Chord.of("Ctrl+Alt+D")}
    desktop.preferences.set(dictation_key="Ctrl+Alt+D")
    assert desk.trouble["dictation_key"] == "Another program has this key. Choose another key in Settings."
    desktop.preferences.set(dictation_key="Ctrl+Alt+F", insert_last_key="Ctrl+Alt+L")
    assert {chord.key for chord in hotkey.listening} == {"Space", "F", "L"}
    assert desk.trouble["dictation_key"] == ""
    desktop.preferences.set(dictation_key="", insert_last_key="", hotkey="")

    assert hotkey.listening == {}


def test_escape_is_taken_only_while_there_is_something_to_cancel(desk, elsewhere, microphones):
    hotkey = elsewhere.hotkey
    assert ESCAPE not in hotkey.listening
    hotkey.press(KEY)
    say(desk, microphones)

    hotkey.listening[ESCAPE][0]()

    assert stage(desk) is Stage.CANCELLED
    assert ESCAPE not in hotkey.listening
    assert Spool().left() == []


def test_the_doorbell_begins_and_ends_it(desktop, desk, elsewhere, microphones):
    desktop.resident._rung(doorbell.DICTATE)
    say(desk, microphones)
    assert stage(desk) is Stage.LISTENING
    desktop.resident._rung(doorbell.DICTATE)

    assert stage(desk) is Stage.WORKING


def test_the_menu_bar_inserts_the_last_text_again(desktop, desk, store, elsewhere):
    store.dictations.add(created=1.0, seconds=1.0, text="once more")

    next(a for a in desktop.resident.sign.menu.actions() if a.text() == "Insert Last Dictation").trigger()

    assert elsewhere.keys.pasted == 1
    assert elsewhere.pasteboard.content == "once more"


# --- into Cadre -------------------------------------------------------------------------------------------


def test_the_microphone_beside_the_message_dictates_there(qtbot, desktop, desk, engine, microphones):
    composer = desktop.window.pane.composer
    composer.set_text("About the lease:")
    qtbot.mouseClick(named(composer, "Dictate"), Qt.MouseButton.LeftButton)
    assert named(composer, "Stop Dictating") is composer.mic
    say(desk, microphones)
    pill, message = desk.pill.frameGeometry(), composer.mapToGlobal(QPoint(0, 0))
    assert pill.bottom() < message.y(), "it does not hide what it writes into"
    composer.mic.click()
    answered(qtbot, engine, "may we paint the walls?")

    until(qtbot, lambda: composer.text() == "About the lease: may we paint the walls?")
    assert desktop.parts.keys.pasted == 0
    assert named(composer, "Dictate") is composer.mic


def test_the_one_in_the_quick_prompt_too(qtbot, desktop, desk, engine, microphones):
    prompt = desktop.resident.prompt
    prompt.open()
    prompt.panel.mic.click()
    say(desk, microphones)
    prompt.panel.mic.click()
    answered(qtbot, engine, "what is an apse?")

    until(qtbot, lambda: prompt.panel.field.toPlainText() == "what is an apse?")
    assert prompt.panel.isVisible()


def test_in_cadre_the_key_dictates_where_the_person_writes(qtbot, desktop, desk, engine, microphones):
    search = desktop.window.sidebar.search
    until(qtbot, desktop.window.isActiveWindow)
    search.setFocus()
    desktop.parts.hotkey.press(KEY)
    say(desk, microphones)
    desktop.parts.hotkey.press(KEY)
    answered(qtbot, engine, "lease")

    until(qtbot, lambda: search.text() == "lease")


def test_escape_in_the_window_cancels_the_dictation_and_not_the_answer(qtbot, desktop, desk, engine, microphones):
    composer = desktop.window.pane.composer
    composer.mic.click()
    say(desk, microphones)
    qtbot.keyClick(composer.field, Qt.Key.Key_Escape)

    assert stage(desk) is Stage.CANCELLED
    desk.dictating.showing.hide()
    stopped: list[int] = []
    composer.field.escaped.connect(lambda: stopped.append(1))
    qtbot.keyClick(composer.field, Qt.Key.Key_Escape)
    assert stopped == [1]


def test_the_menu_has_both_with_their_keys(desktop, desk, microphones):
    actions = {a.text(): a for a in desktop.window.findChildren(type(desktop.window.menuBar().actions()[0]))}
    assert actions["Dictate"].shortcut() == QKeySequence("Ctrl+Shift+D")
    actions["Dictate"].trigger()
    assert stage(desk) is Stage.LISTENING
    actions["Dictate"].trigger()

    actions["Dictations…"].trigger()
    assert desk.history.isVisible()


def test_the_key_of_the_last_text_takes_the_tidied_one_where_it_is_offered(
    desktop, desk, elsewhere, engine, qtbot, microphones
):
    desktop.preferences.set(insert_last_key="Ctrl+Alt+L")
    elsewhere.hotkey.press(KEY)
    say(desk, microphones)
    elsewhere.hotkey.press(KEY)
    answered(qtbot, engine, "on tuesday no wednesday")
    until(qtbot, lambda: stage(desk) is Stage.INSERTED)
    desk.dictating.delivering.offer(desk._store.dictations.last().id, "On Wednesday.")
    assert stage(desk) is Stage.OFFERED

    elsewhere.hotkey.press("Ctrl+Alt+L")

    assert (elsewhere.keys.undone, elsewhere.keys.pasted) == (1, 2)
    assert elsewhere.pasteboard.content == "On Wednesday."


# --- the pill ---------------------------------------------------------------------------------------------

STATES = [
    Shown(Stage.ASKING),
    Shown(Stage.LISTENING, 0.5, "one two", " three", acts=(Do.CANCEL, Do.END)),
    Shown(Stage.LISTENING, warning="The microphone gives only silence. " * 3, acts=(Do.CANCEL, Do.END)),
    Shown(Stage.WORKING, acts=(Do.CANCEL,)),
    Shown(Stage.INSERTED),
    Shown(Stage.COPIED, sentence="Copied.", acts=(Do.HIDE,)),
    Shown(Stage.OFFERED, sentence="Tidied: On Wednesday.", acts=(Do.SWAP, Do.HIDE)),
    Shown(Stage.OFFERED, sentence="Inserted, tidied", acts=(Do.AS_SPOKEN, Do.HIDE)),
    Shown(Stage.NOTHING, sentence="No words were heard."),
    Shown(Stage.CANCELLED),
    Shown(Stage.DENIED, sentence="Cadre may not use the microphone.", acts=(Do.ALLOW, Do.HIDE)),
    Shown(Stage.FAILED, sentence="The engine stopped. " * 6, acts=(Do.RETRY, Do.SHOW, Do.HIDE)),
]


@pytest.mark.parametrize("shown", STATES, ids=lambda shown: shown.stage.value)
def test_every_state_says_what_it_is_and_what_can_be_pressed(qtbot, shown):
    pill = Pill()
    qtbot.addWidget(pill)
    pressed: list[Do] = []
    pill.pressed.connect(pressed.append)
    pill.show_state(shown)

    buttons = [child for child in pill.findChildren(QAbstractButton) if child.isVisible()]
    for button in buttons:
        assert button.accessibleName()
        assert button.focusPolicy() is Qt.FocusPolicy.NoFocus
        assert pill.rect().contains(button.geometry())
        button.click()
    assert set(pressed) == set(shown.acts)
    assert pill.accessibleName().startswith("Dictation: ")
    assert not pill.isActiveWindow()
    assert not pill.grab().isNull()
    screen = pill.screen().availableGeometry()
    assert screen.contains(pill.frameGeometry())
    assert abs(pill.frameGeometry().center().x() - screen.center().x()) <= 1
    pill.end()


def test_the_last_words_stay_whole_and_at_the_end():
    assert last_words("one two three", lambda text: len(text) <= 20) == "one two three"
    assert last_words("one two three", lambda text: len(text) <= 11) == "… two three"
    assert last_words("one two three", lambda text: False) == "… three"


# --- earlier ones -----------------------------------------------------------------------------------------


@pytest.fixture
def history(qtbot, desk, store):
    now = time.time()
    for number, text in enumerate(("three seats", "two seats", "one lamp")):
        writing = Spool().begin()
        writing.append(b"\1\0" * 16_000)
        store.dictations.add(
            created=now - number * 90_000, seconds=3.0, text=text, audio=writing.close().path.name,
            recogniser="PocketSphinx",
        )  # fmt: skip
    desk.show_history()
    return desk.history


def listed(history) -> list[str]:
    return [entry.dictation.text for entry in history._model.entries()]


def test_the_newest_is_first_and_shown_whole(history):
    assert listed(history) == ["three seats", "two seats", "one lamp"]
    assert history.detail.text.toPlainText() == "three seats"
    assert "PocketSphinx" in history.detail._about.text()
    assert "recording kept" in history.detail._about.text()


def test_by_keys_alone_found_copied_deleted_and_back(qtbot, history, store):
    qtbot.keyClick(history, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClicks(history.search, "seats")
    qtbot.keyClick(history.search, Qt.Key.Key_Down)
    assert listed(history) == ["three seats", "two seats"]
    qtbot.keyClick(history.list, Qt.Key.Key_Down)
    qtbot.keyClick(history.list, Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "two seats"

    qtbot.keyClick(history.list, Qt.Key.Key_Delete)
    assert listed(history) == ["three seats"]
    assert history.chosen().dictation.text == "three seats"
    history.notice.press()
    assert listed(history) == ["three seats", "two seats"]
    assert history.chosen().dictation.text == "two seats"


def test_when_the_last_one_found_is_deleted_only_the_notice_says_so(qtbot, history, store):
    qtbot.keyClicks(history.search, "three")
    qtbot.keyClick(history.search, Qt.Key.Key_Down)

    qtbot.keyClick(history.list, Qt.Key.Key_Delete)

    assert listed(history) == []
    assert history.notice.isVisible()
    assert history.notice.height() < history.height() // 4
    history.notice.press()


def test_deleted_for_good_the_recording_goes_too(qtbot, history):
    qtbot.keyClick(history.list, Qt.Key.Key_Delete)
    assert len(Spool().left()) == 3
    history.notice.end()

    assert len(Spool().left()) == 2


def test_another_recogniser_can_be_tried(qtbot, history, engine):
    assert [a.text() for a in history.detail._menu.actions()][1:] == ["whisper-tiny-asr"]
    history.detail._menu.actions()[1].trigger()
    assert history.chosen().working
    assert not history.detail.retry.isEnabled()
    answered(qtbot, engine, "free seats")

    until(qtbot, lambda: listed(history)[0] == "free seats")
    assert history.detail.text.toPlainText() == "free seats"
    assert [c.recogniser for c in engine.commands if isinstance(c, m.Dictate)] == ["/models/whisper"]


def test_tidied_text_can_be_shown_as_it_was_spoken(history, desk):
    assert not history.detail.other.isVisible()
    history.list.setCurrentIndex(history._model.index(history._model.row_of(2)))
    desk.dictating.delivering.offer(2, "Two seats.")
    history.refresh()
    history.detail.other.click()
    first = history.detail.text.toPlainText()
    history.detail.other.click()

    assert {first, history.detail.text.toPlainText()} == {"two seats", "Two seats."}


def test_what_was_cut_off_is_offered_at_the_next_start(qtbot, store, engine, microphones):
    writing = Spool().begin()
    writing.append(b"\1\0" * 32_000)
    desktop = made(qtbot, store, engine, microphones)
    notice = desktop.window.pane.notice
    assert notice._words.text().startswith("A recording of 2 s from Today")

    notice.press()
    answered(qtbot, engine, "all of it")

    until(qtbot, lambda: store.dictations.last() is not None)
    assert desktop.dictation.history.detail.text.toPlainText() == "all of it"
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_nothing_yet_says_how(desk):
    desk.show_history()

    assert desk.history._how.text() == "Hold Alt+Shift+Space in any program and speak. The text comes at the cursor."
    assert desk.history._empty.isVisible()


# --- settings ---------------------------------------------------------------------------------------------


def choose(box: QComboBox, value) -> None:
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def test_every_setting_of_dictation_holds_and_stays(desktop):
    desktop.show_settings()
    page = desktop.settings.dictation
    choose(page.microphone, "Built-in")
    choose(page.recogniser, "/models/whisper")
    choose(page.language, "de")
    choose(page.keep, 30)
    for box in (page.fillers, page.signs, page.copy_only, page.give_back):
        box.click()
    page.own_words.setPlainText("Priya\nfoo = bar")
    page.keys["insert_last_key"].setKeySequence(QKeySequence("Ctrl+Alt+L"))
    page.keys["insert_last_key"].editingFinished.emit()
    desktop.settings.close()

    now = settings.load()
    assert (now.microphone, now.recogniser, now.spoken_language, now.keep_recordings) == (
        "Built-in", "/models/whisper", "de", 30,
    )  # fmt: skip
    assert (now.leave_out_fillers, now.spoken_signs, now.copy_only) == (False, True, True)
    assert (now.own_words, now.insert_last_key) == ("Priya\nfoo = bar", "Ctrl+Alt+L")


def test_what_is_not_here_now_stays_chosen(desktop, microphones):
    settings.save(Settings(microphone="Headset", recogniser="/models/gone", keep_recordings=99))
    desktop.show_settings()
    page = desktop.settings.dictation

    assert page.microphone.currentText() == "Headset (not here)"
    assert page.recogniser.currentText() == "gone (not here)"
    assert page.keep.currentText() == "For 99 Days"


def test_controls_have_names(desktop):
    desktop.show_settings()
    kinds = (QAbstractButton, QComboBox, QKeySequenceEdit, QPlainTextEdit)
    page: QWidget = desktop.settings._dictation_group
    controls = [child for child in page.findChildren(QWidget) if isinstance(child, kinds)]

    assert len(controls) >= 11
    assert [c for c in controls if not c.accessibleName() and isinstance(c.parent(), type(page))] == []


def test_every_recogniser_that_is_here_can_write():
    parakeet = InstalledModel("org/p", Path("/models/p"), 1, Source.CADRE, None, "no type", speech="parakeet")
    found = choices([WHISPER, parakeet, InstalledModel("org/chat", Path("/m"), 1, Source.CADRE, "qwen3_moe", None)])

    assert [choice.asked_as for choice in found] == ["", "/models/whisper", "/models/p"]
    assert "25 languages" in found[2].about


def test_the_demonstration_never_tidies():
    builtin = InstalledModel("builtin", Path("/cadre/builtin"), 1, Source.BUILTIN, "qwen3_moe", None)

    assert tidier("builtin", []) == tidier("/cadre/builtin", [builtin]) == ""
    assert tidier("/models/real", [builtin]) == "/models/real"


def test_tidying_is_switched_on_only_with_a_model_that_can(desktop):
    desktop.show_settings()
    page = desktop.settings.dictation
    assert not page.tidy.isEnabled()
    assert "demonstration cannot" in page._tidy_row.about
    desktop.choose_model("/models/real")
    assert page.tidy.isEnabled()
    page.tidy.click()
    assert settings.load().tidy_dictated

    desktop.choose_model("builtin")
    assert page.tidy.isEnabled(), "it can be switched off"
    page.tidy.click()
    page.fill_tidier()
    assert not page.tidy.isEnabled()


def test_dictating_stops_what_is_read_aloud_and_is_deaf_to_what_begins_meanwhile(desktop, desk, elsewhere, microphones):
    class Silent:
        def start(self, spoken): ...

        def wait(self): ...

        def stop(self): ...

    desktop.aloud._aloud = Aloud(lambda _text, _speed: Spoken(np.zeros(1, np.uint8), 1), Silent(), lambda _ended: None)
    desktop.aloud._start(1)
    elsewhere.hotkey.press(KEY)
    assert desktop.aloud.message is None
    say(desk, microphones)
    assert desk.dictating.showing.now.warning == ""

    desktop.aloud._start(2)
    say(desk, microphones)
    assert "reading aloud" in desk.dictating.showing.now.warning
    desktop.aloud.stop()
    desk.dictating.end()
    assert desk.dictating._main.recording.seconds == 1.0


def test_the_history_says_why_a_text_was_not_tidied(qtbot, desktop, desk, elsewhere, engine, microphones):
    desktop.choose_model("/models/real")
    desktop.preferences.set(tidy_dictated=True)
    elsewhere.hotkey.press(KEY)
    say(desk, microphones)
    elsewhere.hotkey.press(KEY)
    answered(qtbot, engine, "see priya")
    until(qtbot, lambda: [c for c in engine.commands if isinstance(c, m.CleanUp)])
    desk.show_history()
    until(qtbot, lambda: "Being tidied" in desk.history.detail._about.text())
    (asked,) = (c for c in engine.commands if isinstance(c, m.CleanUp))
    assert asked.model == "/models/real"
    engine.give(m.CleanedUp(asked.request, "see priya", "see priya", "“soon” was never said", 0.1))

    until(qtbot, lambda: "“soon” was never said" in desk.history.detail._about.text())
    assert desk.history.detail.text.toPlainText() == "see priya"
