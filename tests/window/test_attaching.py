"""Files on their way into a prompt, through the real window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl

from app.attachments.file import File, Kind
from app.store.store import Store
from app.window.chips import Chip
from engine import messages as m
from tests.window.acting import answering
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, named, write


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Buy bread.")
    return path


def copied(*paths) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def shelved(qtbot, window, count: int) -> None:
    shelf = window.pane.composer.shelf
    qtbot.waitUntil(lambda: not shelf.is_reading and len(shelf.files()) == count, timeout=PATIENCE)


def names(parent) -> list[str]:
    return [chip.name for chip in parent.findChildren(Chip) if not chip.isHidden()]


def test_a_pasted_file_goes_into_the_prompt_and_stays_with_the_message(qtbot, window, engine, store, notes):
    engine.script = answering("Yes.")
    window.pane.composer.field.insertFromMimeData(copied(notes))
    shelved(qtbot, window, 1)
    assert names(window.pane.composer) == ["notes.txt"]

    write(qtbot, window, "What to buy?")
    ask = asked(qtbot, engine)
    idle(qtbot, window)

    assert ask.turns[0].content == '<file name="notes.txt">\nBuy bread.\n</file>\n\nWhat to buy?'
    assert ask.attachments == (m.Attachment.DOCUMENT,)
    question = window.pane.transcript.views()[0]
    assert names(question) == ["notes.txt"]
    assert question.plain() == "What to buy?"
    assert names(window.pane.composer) == []
    assert store.files.draft(None) == ()


def test_it_is_still_there_when_the_chat_goes_on(qtbot, window, engine, notes):
    engine.script = answering("Yes.")
    window.pane.attaching.take([notes])
    shelved(qtbot, window, 1)
    for number in (1, 2):
        write(qtbot, window, "Again?")
        ask = asked(qtbot, engine, number)
        idle(qtbot, window)

    assert "Buy bread." in ask.turns[0].content
    assert ask.attachments == ()


def test_editing_and_asking_again_keep_it(qtbot, window, engine, notes):
    engine.script = answering("Yes.")
    window.pane.attaching.take([notes])
    shelved(qtbot, window, 1)
    write(qtbot, window, "First?")
    asked(qtbot, engine)
    idle(qtbot, window)

    window.pane.again()
    assert "Buy bread." in asked(qtbot, engine, 2).turns[0].content
    idle(qtbot, window)
    window.pane.edit_last()
    assert names(window.pane.composer) == ["notes.txt"]
    window.pane.composer.field.clear()
    write(qtbot, window, "Second?")

    assert asked(qtbot, engine, 3).turns[0].content.endswith("Buy bread.\n</file>\n\nSecond?")
    idle(qtbot, window)


def test_a_draft_with_files_survives(qtbot, window, store, notes, tmp_path):
    window.pane.attaching.take([notes])
    shelved(qtbot, window, 1)

    other = Store(store.path)
    assert other.files.draft(None) == (File("notes.txt", Kind.TEXT, 10, "Buy bread."),)
    other.close()


def test_a_chip_goes_by_its_cross_and_by_key(qtbot, window, store, notes):
    window.pane.attaching.take([notes, notes])
    shelved(qtbot, window, 2)
    composer = window.pane.composer

    named(composer.shelf, "Remove notes.txt").click()
    assert len(composer.shelf.files()) == 1
    cross = next(chip for chip in composer.findChildren(Chip) if not chip.isHidden())._cross
    qtbot.keyClick(cross, Qt.Key.Key_Delete)

    assert composer.shelf.files() == ()
    assert store.files.draft(None) == ()


def test_what_cannot_be_read_is_refused_by_name(qtbot, window, notes, tmp_path):
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG\0\0")

    window.pane.attaching.take([picture, notes])
    shelved(qtbot, window, 1)
    qtbot.waitUntil(window.pane.notice.isVisible, timeout=PATIENCE)

    assert "cat.png is not a picture Cadre can read." in window.pane.notice._words.text()
    assert names(window.pane.composer) == ["notes.txt"]


def test_pasted_text_is_text(qtbot, window):
    data = QMimeData()
    data.setText("plain")
    window.pane.composer.field.insertFromMimeData(data)
    assert window.pane.composer.text() == "plain"


def test_nothing_is_sent_while_a_file_is_read(qtbot, window, engine):
    engine.script = answering("Yes.")
    shelf = window.pane.composer.shelf
    number = shelf.expect("slow.pdf")
    write(qtbot, window, "What is it?")
    assert window.conversation.chat is None

    shelf.fill(number, File("slow.pdf", Kind.PDF, 9, "A paper."))
    qtbot.keyClick(window.pane.composer.field, Qt.Key.Key_Return)

    assert "A paper." in asked(qtbot, engine).turns[0].content
    idle(qtbot, window)


def test_a_file_alone_can_be_sent(qtbot, window, engine, store, notes):
    engine.script = answering("Yes.")
    window.pane.attaching.take([notes])
    shelved(qtbot, window, 1)
    qtbot.keyClick(window.pane.composer.field, Qt.Key.Key_Return)

    assert asked(qtbot, engine).turns[0].content == '<file name="notes.txt">\nBuy bread.\n</file>'
    idle(qtbot, window)
    assert store.chats.all()[0].title == "notes.txt"


def test_the_meter_warns_before_the_context_is_full(qtbot, window, desktop):
    pane = window.pane
    pane.contexts._known[window.conversation.model] = 1000
    pane.measure()
    assert not pane.composer.meter.isVisible()

    pane.composer.field.setPlainText("word " * 300)
    qtbot.waitUntil(pane.composer.meter.isVisible, timeout=PATIENCE)
    assert pane.composer.meter.words() == ""

    pane.composer.set_text("", [File("a.txt", Kind.TEXT, 3300, "word " * 660)])
    qtbot.waitUntil(lambda: pane.composer.meter.words() == "87 % full", timeout=PATIENCE)
    assert "an estimate" in pane.composer.meter.accessibleDescription()

    pane.composer.set_text("", [File("a.txt", Kind.TEXT, 9000, "word " * 1800)])
    qtbot.waitUntil(lambda: pane.composer.meter.words() == "too long", timeout=PATIENCE)
