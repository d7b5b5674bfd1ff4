"""Answers read aloud in the real window, by a voice and a loudspeaker that only note."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QLabel

from app.desktop.parts import here
from app.voice.voices import Spoken
from app.window import theme
from app.window.models import Models
from app.window.start import Desktop
from engine import messages as m
from engine.errors import KnownError
from engine.models.catalogue import installed
from tests.speech.tiny_soprano import make_soprano
from tests.voice.test_aloud import Speaker
from tests.window.acting import answering, end, opening, tokens
from tests.window.conftest import PATIENCE

ANSWER = "It is so. See `x.y()` there. That is all."


class Voice:
    def __init__(self):
        self.speeds = []
        self.error = None

    def __call__(self, text, speed):
        if self.error:
            raise self.error
        self.speeds.append(speed)
        return Spoken(np.frombuffer(text.encode(), np.uint8), 1)


@pytest.fixture
def voice():
    return Voice()


@pytest.fixture
def speaker():
    return Speaker()


@pytest.fixture
def desktop(qtbot, store, engine, voice, speaker, tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))  # settings of its own
    theme.dress(dark=False)
    parts = replace(here(), voice=voice, loudspeaker=speaker)
    desktop = Desktop(store, lambda: engine, Models(look=list), parts)
    desktop.window.show()
    qtbot.waitUntil(lambda: desktop.models.ready, timeout=PATIENCE)
    yield desktop
    desktop.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def ask(desktop, qtbot, engine, text="Why?"):
    engine.script = answering(ANSWER)
    with qtbot.waitSignal(desktop.answers.ended, timeout=PATIENCE) as ended:
        desktop.window.conversation.send(text)
    return ended.args[0]


def shown(desktop, message):
    return desktop.window.pane.transcript.answer(message)._speak.accessibleName()


def test_the_button_reads_an_answer_and_then_stops_it(desktop, qtbot, engine, speaker):
    message = ask(desktop, qtbot, engine)
    assert speaker.heard.empty()
    speaker.instant = False
    view = desktop.window.pane.transcript.answer(message)
    assert shown(desktop, message) == "Read aloud"

    view._speak.click()
    assert speaker.next() == "It is so."
    assert shown(desktop, message) == "Stop reading"
    view._speak.click()

    assert shown(desktop, message) == "Read aloud"
    assert desktop.aloud.message is None
    assert speaker.heard.empty()


def test_with_the_setting_an_answer_is_read_while_it_is_written(desktop, qtbot, engine, speaker, voice):
    desktop.preferences.set(read_aloud=True, speaking_speed=150)
    with qtbot.waitSignal(desktop.answers.began, timeout=PATIENCE):
        desktop.window.conversation.send("Why?")
    qtbot.waitUntil(lambda: bool(engine.asked), timeout=PATIENCE)
    request = engine.asked[-1].request
    with qtbot.waitSignal(desktop.answers.grew, timeout=PATIENCE):
        engine.give(*opening(request), *tokens(request, ["It is so. ", "And"]))
    assert speaker.next() == "It is so."
    with qtbot.waitSignal(desktop.aloud.changed, timeout=PATIENCE):
        engine.give(*tokens(request, [" more."]), end(request, "It is so. And more."))

    assert speaker.next() == "And more."
    assert set(voice.speeds) == {1.5}
    assert desktop.aloud.message is None


def test_escape_and_a_new_question_silence_it(desktop, qtbot, engine, speaker):
    message = ask(desktop, qtbot, engine)
    speaker.instant = False
    desktop.window.read_last_aloud()
    assert speaker.next() == "It is so."
    qtbot.keyClick(desktop.window.pane.composer.field, Qt.Key.Key_Escape)
    assert desktop.aloud.message is None

    desktop.window.read_last_aloud()
    assert speaker.next() == "It is so."
    assert desktop.aloud.message == message
    ask(desktop, qtbot, engine, "And?")
    assert desktop.aloud.message is None
    assert speaker.heard.empty()


def test_an_answer_that_is_stopped_is_not_read_on(desktop, qtbot, engine, speaker):
    desktop.preferences.set(read_aloud=True)
    desktop.window.conversation.send("Why?")
    qtbot.waitUntil(lambda: bool(engine.asked), timeout=PATIENCE)
    request = engine.asked[-1].request
    with qtbot.waitSignal(desktop.answers.grew, timeout=PATIENCE):
        engine.give(*opening(request), *tokens(request, ["It is so", " and"]))
    desktop.window.conversation.stop()
    with qtbot.waitSignal(desktop.answers.ended, timeout=PATIENCE):
        engine.give(end(request, "It is so and", "cancelled"))
    assert desktop.aloud.message is None
    assert speaker.heard.empty()


def test_one_whose_chat_is_deleted_for_good_is_not_read_on(desktop, qtbot, engine):
    desktop.preferences.set(read_aloud=True)
    window = desktop.window
    window.conversation.send("Why?")
    qtbot.waitUntil(lambda: len(engine.asked) == 1, timeout=PATIENCE)
    window.delete_chat(window.conversation.chat)
    window.pane.notice.end()

    engine.give(end(engine.asked[0].request, "It is so.", "cancelled"))

    qtbot.waitUntil(lambda: desktop.aloud.message is None, timeout=PATIENCE)


def test_a_voice_that_is_missing_is_told_with_what_to_do(desktop, qtbot, engine, voice):
    message = ask(desktop, qtbot, engine)
    voice.error = KnownError("There is no voice.", "Install it.")
    with qtbot.waitSignal(desktop.aloud.failed, timeout=PATIENCE):
        desktop.window.read_last_aloud()
    assert desktop.window.pane.notice.isVisible()
    assert shown(desktop, message) == "Read aloud"


def test_the_settings_window_sets_both(desktop):
    desktop.show_settings()
    page = desktop.settings
    page.read_aloud.click()
    page.speed.setCurrentIndex(page.speed.findData(125))
    page.speed.activated.emit(page.speed.currentIndex())
    assert desktop.preferences.now.read_aloud
    assert desktop.preferences.now.speaking_speed == 125


# --- a voice model ----------------------------------------------------------------------------------------


def spoken_by(engine, said="sound"):
    """Answers every sentence at once, as an engine with a voice does."""
    send = engine.send

    def answering_sentences(command):
        send(command)
        if isinstance(command, m.Speak):
            samples: Any = np.frombuffer(f"{said}: {command.sentence}".encode(), np.uint8)
            engine.give(m.Spoke(command.request, samples, 1, "a voice"))

    engine.send = answering_sentences


def test_the_chosen_voice_reads_through_the_engine(desktop, qtbot, engine, speaker, voice):
    spoken_by(engine)
    desktop.preferences.set(voice="/voices/soprano", read_aloud=True)
    with qtbot.waitSignal(desktop.aloud.changed, timeout=PATIENCE):
        ask(desktop, qtbot, engine)
    qtbot.waitUntil(lambda: desktop.aloud.message is None, timeout=PATIENCE)

    assert [speaker.next() for _ in range(3)] == ["sound: It is so.", "sound: See x.y() there.", "sound: That is all."]
    asked = [command for command in engine.commands if isinstance(command, m.Speak)]
    assert {command.voice for command in asked} == {"/voices/soprano"}
    assert not voice.speeds


def test_escape_while_the_engine_makes_a_sentence_leaves_it_off(desktop, qtbot, engine, speaker):
    desktop.preferences.set(voice="/voices/soprano")
    ask(desktop, qtbot, engine)
    desktop.window.read_last_aloud()
    qtbot.waitUntil(lambda: any(isinstance(c, m.Speak) for c in engine.commands), timeout=PATIENCE)
    qtbot.keyClick(desktop.window.pane.composer.field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: any(isinstance(c, m.Cancel) for c in engine.commands), timeout=PATIENCE)
    assert speaker.heard.empty()
    assert not desktop.window.pane.notice.isVisible()


def test_a_voice_that_is_broken_is_told_and_the_systems_reads(desktop, qtbot, engine, speaker):
    desktop.preferences.set(voice="/voices/gone")
    ask(desktop, qtbot, engine)
    desktop.window.read_last_aloud()
    for _ in range(3):
        qtbot.waitUntil(lambda: isinstance(engine.commands[-1], m.Speak), timeout=PATIENCE)
        request = engine.commands.pop().request
        engine.give(m.Failed(request, True, "There is no folder.", "Choose another voice."))
    qtbot.waitUntil(lambda: desktop.aloud.message is None, timeout=PATIENCE)

    assert [speaker.next() for _ in range(3)] == ["It is so.", "See x.y() there.", "That is all."]
    notice = desktop.window.pane.notice
    assert notice.isVisible()
    assert "There is no folder. Choose another voice. The system" in shown_words(notice)
    assert "voice reads instead." in shown_words(notice)


def shown_words(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel))


def test_the_voice_is_chosen_in_settings(desktop, tmp_path):
    folder = make_soprano(tmp_path / "home" / "models" / "soprano")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    desktop.models._take([found for found in installed() if found.voice])
    desktop.show_settings()
    page = desktop.settings
    names = [page.voice.itemText(n) for n in range(page.voice.count())]
    assert names == ["The system's", "soprano"]
    page.voice.setCurrentIndex(1)
    page.voice.activated.emit(1)

    assert desktop.preferences.now.voice == str(tmp_path / "home" / "models" / "soprano")
    words = shown_words(page)
    assert "English only, small and quick." in words
    assert "of memory while it is used. Licence: Apache 2.0." in words
    desktop.preferences.set(voice="/gone/elsewhere")
    assert page.voice.currentText() == "elsewhere (not here)"
    assert "not installed any more" in shown_words(page)


def test_the_window_of_models_says_what_a_voice_is_and_uses_it(desktop, qtbot, tmp_path):
    make_soprano(tmp_path / "home" / "models" / "soprano")
    desktop.models_page.show()
    qtbot.waitUntil(lambda: not desktop.models._looking, timeout=PATIENCE)
    desktop.models._take([found for found in installed() if found.voice])
    row = desktop.models_page.here.rows()[0]
    assert row.content.note.startswith("Reads aloud. English only")
    assert not row.content.warns
    use = next(act for act in row.content.acts if act.words == "Use")
    use.do()

    assert desktop.preferences.now.voice.endswith("soprano")
    assert desktop.models_page.here.rows()[0].content.badge == "In use"
    assert desktop.models.default == "builtin"  # it answers no questions
