"""Beginning and ending: one window at a time, what a crash left, bugs told, the last look of the window."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from PySide6.QtGui import QDesktopServices

from app.store.store import Store
from app.window import start
from app.window.models import Models
from app.window.start import Desktop
from engine import logs
from engine.errors import KnownError
from tests.store.talking import said
from tests.window.acting import ActingEngine


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chats" / "chats.sqlite"


def opened(path) -> Desktop:
    desktop = Desktop(Store(path), ActingEngine, Models(look=list))
    desktop.window.show()
    return desktop


def test_only_one_window(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    code = "from app.window import start; lock = start.only_one(); print('mine', flush=True); input()"
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdin is not None
    assert other.stdout is not None
    assert other.stdout.readline() == "mine\n"

    with pytest.raises(KnownError, match="open already"):
        start.only_one()

    other.kill()
    other.wait()
    other.stdin.close()
    other.stdout.close()
    start.only_one().unlock()


def test_what_a_crash_cut_off_is_told(qtbot, path):
    store = Store(path)
    chat, messages = said(store, "Why?")
    answer = store.tree.begin_answer(chat.id, messages[0].id)
    store.tree.write(answer.id, "Half an ans")
    store.chats.keep("shown chat", str(chat.id))
    store.close()

    desktop = opened(path)

    assert "ended unexpectedly" in desktop.window.pane.notice._words.text()
    assert desktop.window.conversation.chat == chat.id
    assert desktop.window.pane.transcript.views()[-1].plain() == "Half an ans"
    desktop.close()


def test_a_sudden_end_is_told_once(qtbot, path, monkeypatch):
    opened_folders: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened_folders.append(url.toLocalFile()))
    opened(path).close()
    again = opened(path)
    assert again.window.pane.notice.isHidden()
    chat, _ = said(again.store, "Why?")
    again.window.open_chat(chat.id)
    again.close()
    killed = Store(path)
    killed.chats.keep("running", "1")
    killed.close()

    desktop = opened(path)

    assert "Nothing that was written is lost" in desktop.window.pane.notice._words.text()
    assert desktop.window.conversation.chat == chat.id
    desktop.window.pane.notice.press()
    assert opened_folders == [str(logs.path().parent)]
    desktop.close()
    last = opened(path)
    assert last.window.pane.notice.isHidden()
    assert last.window.conversation.chat is None
    last.close()


def test_a_bug_is_logged_and_told(qtbot, path, caplog):
    desktop = opened(path)
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        with caplog.at_level(logging.CRITICAL, logger="app.window.start"):
            start.bug_hook(desktop)(type(error), error, error.__traceback__)

    assert "this is a bug" in desktop.window.pane.notice._words.text()
    desktop.close()


def test_the_window_comes_back_as_it_was(qtbot, path):
    first = opened(path)
    first.window.resize(720, 600)
    first.window.toggle_monitor()
    first.close()

    second = opened(path)

    assert (second.window.width(), second.window.height()) == (720, 600)
    assert second.window.monitor.isVisible()
    second.close()


def test_an_unknown_kind_of_engine_is_named(monkeypatch):
    monkeypatch.setenv("CADRE_ENGINE", "steam")

    with pytest.raises(KnownError, match="steam"):
        start.engine_maker()
