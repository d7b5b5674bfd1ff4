"""Chats out into files and back in, and files let go over the window, as the system hands them over."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from tests.store.talking import said, texts
from tests.window.conftest import PATIENCE

ACTIONS, BUTTON, KEYS = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def chosen(monkeypatch):
    """What the person chooses in dialogs, in turn; where each of them began."""
    answers: list[Path | None] = []
    began: list[Path] = []

    def choose(_parent, _title, place, *_more):
        began.append(Path(place))
        path = answers.pop(0)
        return ("" if path is None else str(path), "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    return answers, began


@pytest.fixture
def exported(store, tmp_path):
    """A file of one chat that is not here any more."""
    chat, _ = said(store, "Why?", "Because.", title="From elsewhere")
    path = tmp_path / "elsewhere.json"
    path.write_text(store.transfer.export_json([chat.id]), encoding="utf-8")
    store.chats.delete([chat.id])
    store.purge()
    return path


def told(window) -> str:
    return "" if window.pane.notice.isHidden() else window.pane.notice._words.text()


def titles(store) -> list[str]:
    return [chat.title for chat in store.chats.all()]


# --- out --------------------------------------------------------------------------------------------------


def test_a_chat_is_exported_under_its_name_and_the_next_goes_beside_it(window, store, tmp_path, chosen):
    answers, began = chosen
    chat, _ = said(store, "Why?", "Because.", title=".A/B: what?")
    answers += [tmp_path / "one.md", tmp_path / "two.json"]

    window.actions_on_chats.export_markdown(chat.id)
    said_of_it = told(window)
    window.actions_on_chats.export_json(chat.id)

    assert said_of_it == "Exported “one.md”."
    assert "Because." in (tmp_path / "one.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "two.json").read_text(encoding="utf-8"))["chats"][0]["title"] == ".A/B: what?"
    assert began[0].name == "A-B- what-.md"
    assert began[0].parent.is_dir()
    assert began[1] == tmp_path / "A-B- what-.json"
    window.pane.notice.end()


def test_what_cannot_be_written_leaves_nothing_and_can_go_elsewhere(window, store, tmp_path, chosen):
    answers, _ = chosen
    chat, _ = said(store, "Why?", "Because.")
    answers += [tmp_path / "none" / "a.md", tmp_path / "a.md"]

    window.actions_on_chats.export_markdown(chat.id)
    assert told(window).startswith("“a.md” could not be written: ")
    window.pane.notice.press()

    assert (tmp_path / "a.md").exists()
    assert not list(tmp_path.glob(".*unfinished"))
    window.pane.notice.end()


# --- in ---------------------------------------------------------------------------------------------------


def test_an_export_comes_in_is_shown_and_can_be_taken_back(window, store, exported, chosen):
    chosen[0].append(exported)
    chat, _ = said(store, "Hello?", title="Here")
    window.open_chat(chat.id)

    window.actions_on_chats.import_json()

    assert told(window) == "Imported “From elsewhere”."
    assert texts(store, window.conversation.chat) == ["Why?", "Because."]
    assert window.windowTitle() == "From elsewhere"
    window.pane.notice.press()
    assert titles(store) == ["Here"]
    assert window.windowTitle() == "Here"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "bad.json: The file is not JSON."),
        (b"\xff\xfe\x00", "bad.json is not text"),
        (b'{"name": "x"}', "bad.json: The file holds no chats of Cadre."),
        (b'{"format": "cadre-chats", "version": 3, "chats": []}', "There is no chat in that file."),
        (b"[" * 100_000, "bad.json: The file is not JSON."),
    ],
)
def test_another_file_is_refused_by_name(window, store, tmp_path, content, sentence):
    path = tmp_path / "bad.json"
    path.write_bytes(content)

    window.actions_on_chats.bring_in([path])

    assert told(window).startswith(sentence)
    assert titles(store) == []
    window.pane.notice.end()


def test_a_file_that_is_gone_does_not_keep_the_others_out(window, store, tmp_path, exported):
    window.actions_on_chats.bring_in([tmp_path / "gone.json", exported])

    assert told(window).startswith("gone.json could not be read: ")
    assert titles(store) == ["From elsewhere"]
    window.pane.notice.end()


# --- let go over the window -------------------------------------------------------------------------------


def carried(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def hover(window, over: QWidget, data: QMimeData) -> bool:
    """Comes and moves on a little; whether it would be taken."""
    place = over.mapTo(window, over.rect().center())
    QApplication.sendEvent(window.windowHandle(), QDragEnterEvent(place, ACTIONS, data, BUTTON, KEYS))
    move = QDragMoveEvent(place + QPoint(1, 0), ACTIONS, data, BUTTON, KEYS)
    QApplication.sendEvent(window.windowHandle(), move)
    return move.isAccepted()


def drop(window, over: QWidget, data: QMimeData) -> None:
    hover(window, over, data)
    place = QPointF(over.mapTo(window, over.rect().center()))
    QApplication.sendEvent(window.windowHandle(), QDropEvent(place, ACTIONS, data, BUTTON, KEYS))


def targets(window) -> tuple[bool, bool]:
    """Whether the list and the composer show that they would take it."""
    return window.sidebar._target, window.pane.composer._target


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Buy bread.", encoding="utf-8")
    return path


def shelved(qtbot, window) -> list[str]:
    shelf = window.pane.composer.shelf
    qtbot.waitUntil(lambda: not shelf.is_reading, timeout=PATIENCE)
    return [file.name for file in shelf.files()]


def test_a_file_goes_along_with_the_message_wherever_it_is_let_go(qtbot, window, store, note):
    chat, _ = said(store, "Why?", "Because.")
    window.open_chat(chat.id)
    window.toggle_monitor()
    pane = window.pane
    text = pane.transcript.views()[-1].texts()[0]
    places = [window.sidebar.list, window.sidebar.search, pane.header, text, pane.composer.field, window.monitor]

    for number, place in enumerate(places, start=1):
        assert hover(window, place, carried(note)), place
        assert targets(window) == (False, True), place
        drop(window, place, carried(note))
        assert targets(window) == (False, False), place
        assert shelved(qtbot, window) == ["note.txt"] * number, place
    assert pane.composer.text() == window.sidebar.search.text() == ""


def test_chats_are_imported_wherever_they_are_let_go(qtbot, window, store, exported, note):
    hover(window, window.sidebar.list, carried(exported))
    assert targets(window) == (True, False)
    QApplication.sendEvent(window.windowHandle(), QDragLeaveEvent())
    assert targets(window) == (False, False)

    drop(window, window.sidebar.list, carried(exported))
    drop(window, window.pane.composer.field, carried(exported, note))

    assert titles(store) == ["From elsewhere"] * 2
    assert shelved(qtbot, window) == ["note.txt"]
    window.pane.notice.end()


def test_other_json_is_a_file_like_any(qtbot, window, store, tmp_path):
    path = tmp_path / "package.json"
    path.write_text('{"name": "x"}', encoding="utf-8")

    drop(window, window.sidebar.list, carried(path))

    assert shelved(qtbot, window) == ["package.json"]
    assert titles(store) == []


def test_what_is_no_file_is_not_taken(window):
    data = QMimeData()
    data.setText("some words")

    assert not hover(window, window.sidebar.list, data)
    assert targets(window) == (False, False)
