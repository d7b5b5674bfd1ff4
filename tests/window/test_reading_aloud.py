"""Answers read aloud in the real window, by a voice and a loudspeaker that only note."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from app.desktop.parts import here
from app.voice.voices import Spoken
from app.window import theme
from app.window.models import Models
from app.window.start import Desktop
from engine.errors import KnownError
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
