"""Chats, branches, drafts and search, through the real window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication

from app.store.rows import MARK_ON, Role
from app.window.rows_model import ROW
from app.window.sidebar.chat_list import CHAT, dragged
from app.window.sidebar.rows import Heading
from tests.store.talking import said, texts
from tests.window.acting import answering, end, opening
from tests.window.conftest import PATIENCE
from tests.window.driving import asked, idle, last_answer, named, shown_text, write


@pytest.fixture
def talked(qtbot, window, engine):
    """A chat with one question and its answer."""
    engine.script = answering("One.")
    write(qtbot, window, "First?")
    asked(qtbot, engine)
    idle(qtbot, window)
    return window.conversation.chat


def titles(window) -> list[str]:
    return [entry.title for entry in window.sidebar._model.entries()]


# --- branches ---------------------------------------------------------------------------------------------


def test_edit_and_send_again_begins_a_branch(qtbot, window, engine, store, talked):
    question = window.pane.transcript.views()[0]
    engine.script = answering("Two.")

    named(question, "Edit and send again").click()
    assert window.pane.composer.text() == "First?"
    window.pane.composer.set_text("")
    write(qtbot, window, "Better?")
    asked(qtbot, engine, 2)
    idle(qtbot, window)

    assert texts(store, talked) == ["Better?", "Two."]
    named(window.pane.transcript.views()[0], "Previous version").click()
    assert texts(store, talked) == ["First?", "One."]
    assert shown_text(last_answer(window)) == "One."


def test_giving_up_an_edit_brings_the_draft_back(qtbot, window, talked):
    qtbot.keyClicks(window.pane.composer.field, "half a thought")
    window.pane.edit_last()
    qtbot.keyClick(window.pane.composer.field, Qt.Key.Key_Escape)

    assert window.pane.composer.text() == "half a thought"
    assert not window.pane.composer.is_editing


def test_up_with_nothing_written_edits_what_was_said_last(qtbot, window, talked):
    field = window.pane.composer.field
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert window.pane.composer.is_editing
    assert window.pane.composer.text() == "First?"

    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.keyClicks(field, "half")
    qtbot.keyClick(field, Qt.Key.Key_Up)

    assert not window.pane.composer.is_editing


def test_on_a_mac_command_backspace_deletes_the_line_and_no_chat(qtbot, window, store, talked, monkeypatch):
    monkeypatch.setattr("app.window.composer.sys.platform", "darwin")
    field = window.pane.composer.field
    field.setPlainText("one\ntwo three")
    field.moveCursor(field.textCursor().MoveOperation.End)

    qtbot.keyClick(field, Qt.Key.Key_Backspace, Qt.KeyboardModifier.ControlModifier)

    assert field.toPlainText() == "one\n"
    assert len(store.chats.all()) == 1


def test_a_question_whose_answer_was_deleted_is_answered_again(qtbot, window, engine, talked):
    window.pane.delete_last()
    window.pane.notice.end()

    window.pane.again()

    asked(qtbot, engine, 2)
    idle(qtbot, window)
    assert [placed.message.role for placed in window.conversation.path()][-2:] == [Role.USER, Role.ASSISTANT]


def test_answering_again_keeps_both(qtbot, window, engine, store, talked):
    engine.script = answering("Another one.")

    named(last_answer(window), "Answer again").click()
    asked(qtbot, engine, 2)
    idle(qtbot, window)

    assert texts(store, talked) == ["First?", "Another one."]
    window.pane.walk_last(-1)
    assert shown_text(last_answer(window)) == "One."
    window.pane.walk_last(1)
    assert shown_text(last_answer(window)) == "Another one."


def test_trying_harder_goes_a_step_up_each_time(qtbot, window, engine, talked):
    def harder(ask):
        *before, finished = answering("Better.")(ask)
        record = replace(finished.record, budget=finished.record.budget | {"harder": ask.harder})
        return [*before, replace(finished, record=record)]

    engine.script = harder

    window.pane.again(harder=True)
    first = asked(qtbot, engine, 2)
    idle(qtbot, window)
    window.pane.again(harder=True)
    second = asked(qtbot, engine, 3)
    idle(qtbot, window)
    window.pane.again()
    again = asked(qtbot, engine, 4)
    idle(qtbot, window)

    assert [first.harder, second.harder, again.harder] == [1, 2, 0]
    assert first.conversation == second.conversation


def test_nothing_is_sent_while_an_answer_is_written(qtbot, window, engine):
    write(qtbot, window, "First?")
    asked(qtbot, engine)

    qtbot.keyClicks(window.pane.composer.field, "Second?")
    qtbot.keyClick(window.pane.composer.field, Qt.Key.Key_Return)

    assert window.pane.composer.text() == "Second?"
    assert len(engine.asked) == 1


# --- the list ---------------------------------------------------------------------------------------------


def test_chats_are_grouped(qtbot, window, store):
    chat, _ = said(store, "x", title="Old")
    store._db.execute("UPDATE chats SET changed = 1000 WHERE id = ?", (chat.id,))
    said(store, "x", title="New")
    pinned, _ = said(store, "x", title="Dear")
    store.chats.pin(pinned.id, pinned=True)
    kitchen, _ = said(store, "x", title="Bread")
    store.chats.move(kitchen.id, store.chats.add_folder("Kitchen").id)

    window.sidebar.refresh()

    model = window.sidebar._model
    rows = [model.index(number).data(ROW) for number in range(model.rowCount())]
    assert [row.text if isinstance(row, Heading) else row.title for row in rows] == [
        "Pinned", "Dear", "Kitchen", "Bread", "Today", "New", "January 1970", "Old",
    ]  # fmt: skip


def test_search_finds_and_opens_the_branch(qtbot, window, store):
    chat, messages = said(store, "the aardvark", "yes", title="Animals")
    store.tree.say(chat.id, None, "something else")
    said(store, "nothing", title="Other")

    qtbot.keyClicks(window.sidebar.search, "aardv")
    qtbot.waitUntil(lambda: titles(window) == ["Animals"], timeout=PATIENCE)
    (entry,) = window.sidebar._model.entries()
    assert MARK_ON in entry.snippet
    qtbot.keyClick(window.sidebar.search, Qt.Key.Key_Return)

    assert window.conversation.chat == chat.id
    assert texts(store, chat.id) == ["the aardvark", "yes"]
    qtbot.keyClick(window.sidebar.search, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: len(titles(window)) == 2, timeout=PATIENCE)
    del messages


def test_deleting_with_undo(qtbot, window, store, talked):
    window.delete_chat(talked)

    assert titles(window) == []
    assert window.conversation.chat is None
    window.pane.notice.press()

    assert titles(window) == ["First?"]
    assert shown_text(last_answer(window)) == "One."


def test_what_was_being_written_comes_back_with_a_deleted_chat(qtbot, window, store, talked):
    qtbot.keyClicks(window.pane.composer.field, "half a thought")

    window.delete_chat(talked)
    assert window.pane.composer.text() == ""
    window.pane.notice.press()

    assert window.pane.composer.text() == "half a thought"


def test_an_answer_that_ends_after_its_chat_was_deleted_for_good_hurts_nobody(qtbot, window, engine, store):
    write(qtbot, window, "First?")
    request = asked(qtbot, engine).request
    window.delete_chat(window.conversation.chat)
    window.pane.notice.end()

    engine.give(*opening(request), end(request, "One.", "cancelled"))

    qtbot.waitUntil(lambda: window._answers.latest() is None, timeout=PATIENCE)
    assert store._db.execute("SELECT count(*) FROM messages").fetchone()[0] == 0


def test_deleting_for_good(window, store, talked):
    window.delete_chat(talked)
    window.pane.notice.end()

    store.chats.restore([talked])
    assert store.chats.all() == []


def test_the_keys_of_the_list(qtbot, window, store):
    for title in "ab":
        said(store, "x", title=title)
    window.sidebar.refresh()
    window.sidebar.step(0)
    window.sidebar.step(1)
    assert window.windowTitle() == "a"

    window.sidebar.list.blockSignals(True)  # on a Mac Qt does not say that Return was pressed
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Up)
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Return)
    window.sidebar.list.blockSignals(False)
    assert window.windowTitle() == "b"
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Down)
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_Delete)

    assert titles(window) == ["b"]
    window.pane.notice.end()


def test_a_chat_menu_names_what_can_be_done(window, store):
    chat, _ = said(store, "x")

    menu = window.menus.chat_menu(chat.id)

    assert [action.text() for action in menu.actions() if action.text()] == [
        "Rename", "Pin", "Move to Folder", "Export", "Delete",
    ]  # fmt: skip
    next(action for action in menu.actions() if action.text() == "Pin").trigger()
    assert store.chats.get(chat.id).pinned
    menu.deleteLater()


# --- drafts -----------------------------------------------------------------------------------------------


def test_drafts_belong_to_their_chats(qtbot, window, store):
    a, _ = said(store, "x", title="a")
    b, _ = said(store, "x", title="b")
    window.open_chat(a.id)
    qtbot.keyClicks(window.pane.composer.field, "half")

    window.open_chat(b.id)
    assert window.pane.composer.text() == ""
    window.open_chat(a.id)

    assert window.pane.composer.text() == "half"


def test_a_draft_is_written_while_it_is_typed(qtbot, window, store):
    with qtbot.waitSignal(window.pane.composer.drafted, timeout=PATIENCE):
        qtbot.keyClicks(window.pane.composer.field, "half")

    assert store.chats.kept("draft of a new chat") == "half"


# --- reading ----------------------------------------------------------------------------------------------


def test_find_marks_every_hit_and_walks(qtbot, window, store):
    chat, _ = said(store, "needle one", "a needle and a Needle")
    window.open_chat(chat.id)
    finder = window.pane.finder
    finder.open_bar()
    qtbot.keyClicks(finder._field, "needle")

    assert finder._count.text() == "3 of 3"
    finder.next()
    assert finder._count.text() == "1 of 3"
    assert [len(view.texts()[0].extraSelections()) for view in window.pane.transcript.views()] == [1, 2]
    qtbot.keyClick(finder, Qt.Key.Key_Escape)

    assert not finder.isVisible()
    assert [len(view.texts()[0].extraSelections()) for view in window.pane.transcript.views()] == [0, 0]


def test_find_goes_on_with_what_is_shown_then(qtbot, window, engine, store):
    chat, _ = said(store, "needle one", "a needle and a Needle")
    window.open_chat(chat.id)
    finder = window.pane.finder
    finder.open_bar()
    qtbot.keyClicks(finder._field, "needle")
    engine.script = answering("No needle.")

    write(qtbot, window, "Another needle?")
    asked(qtbot, engine)
    idle(qtbot, window)
    assert finder._count.text() == "3 of 5"
    window.pane.delete_last()

    assert finder._count.text() == "3 of 4"
    window.pane.notice.end()
    finder.close_bar()


def test_copying_a_message(qtbot, window, talked):
    named(last_answer(window), "Copy message").click()

    assert QGuiApplication.clipboard().text() == "One."
    qtbot.waitUntil(lambda: True)


def test_a_long_chat_makes_its_earlier_messages_when_wanted(qtbot, window, store):
    chat, _ = said(store, *[f"text {number}" for number in range(60)])

    window.open_chat(chat.id)

    transcript, bar = window.pane.transcript, window.pane.transcript.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0 and not transcript._soon.isActive(), timeout=PATIENCE)
    made = len(transcript._views)
    assert transcript.viewport().height() < transcript.page.height()
    assert made < 60
    bar.setValue(0)
    qtbot.waitUntil(lambda: len(transcript._views) > made, timeout=PATIENCE)
    assert [view.placed.message.text for view in window.pane.transcript.views()] == [f"text {n}" for n in range(60)]


def test_a_long_chat_shows_at_once_what_fills_the_screen(qtbot, window, store):
    chat, _ = said(store, *["word " * 300] * 20)

    window.open_chat(chat.id)

    transcript = window.pane.transcript
    at_once = len(transcript._views)
    qtbot.waitUntil(lambda: transcript.verticalScrollBar().maximum() > 0, timeout=PATIENCE)
    assert 2 <= at_once < 8


def test_a_taller_window_is_filled_too(qtbot, window, store):
    chat, _ = said(store, *["a"] * 60)
    window.resize(900, 400)
    window.open_chat(chat.id)
    transcript = window.pane.transcript
    qtbot.waitUntil(lambda: not transcript._soon.isActive(), timeout=PATIENCE)

    window.resize(900, 1600)

    bar = transcript.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.value() == bar.maximum() > 0 and not transcript._soon.isActive(), timeout=PATIENCE)
    assert len(transcript._views) < 60


def test_a_new_chat_begins_with_its_first_message(qtbot, window, store, talked):
    window.new_chat()

    assert window.conversation.chat is None
    assert window.pane.empty.isVisible()
    assert len(store.chats.all()) == 1


# --- deleting messages ------------------------------------------------------------------------------------


def test_a_message_is_deleted_with_what_followed_and_comes_back(qtbot, window, store, talked):
    named(window.pane.transcript.views()[0], "Delete message").click()

    assert texts(store, talked) == []
    assert window.pane.empty.isVisible()
    window.pane.notice.press()

    assert texts(store, talked) == ["First?", "One."]
    assert shown_text(last_answer(window)) == "One."


def test_deleting_an_answer_shows_the_one_beside_it(qtbot, window, engine, store, talked):
    engine.script = answering("Another one.")
    window.pane.again()
    asked(qtbot, engine, 2)
    idle(qtbot, window)

    window.pane.delete_last()
    assert texts(store, talked) == ["First?", "One."]
    window.pane.notice.end()

    assert store.tree.count(talked) == 2
    assert store._db.execute("SELECT count(*) FROM messages").fetchone()[0] == 2


def test_undo_comes_back_to_its_chat(window, store, talked):
    window.pane.delete_last()
    window.new_chat()

    window.pane.notice.press()

    assert window.conversation.chat == talked
    assert texts(store, talked) == ["First?", "One."]


def test_nothing_is_deleted_while_an_answer_is_written(qtbot, window, engine, store):
    write(qtbot, window, "First?")
    asked(qtbot, engine)

    window.pane.delete_last()

    assert store.tree.count(window.conversation.chat) == 2


# --- folders ----------------------------------------------------------------------------------------------


def written(qtbot, window, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    """Into the line that stands in the list."""
    field = window.sidebar._renaming
    assert field.isVisible()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, key)
    assert not field.isVisible()


def test_a_chat_is_renamed_in_its_row(qtbot, window, store):
    chat, _ = said(store, "x", title="Bread")
    window.open_chat(chat.id)
    window.sidebar.refresh()
    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    written(qtbot, window, "Rolls", Qt.Key.Key_Escape)
    assert store.chats.get(chat.id).title == "Bread"

    qtbot.keyClick(window.sidebar.list, Qt.Key.Key_F2)
    qtbot.keyClick(window.sidebar._renaming, Qt.Key.Key_Down)  # is for the line, not for the list
    written(qtbot, window, "  Sourdough   bread ")

    assert titles(window) == [window.windowTitle()] == ["Sourdough bread"]
    assert store.chats.get(chat.id).named


def test_going_elsewhere_keeps_the_new_name_and_an_empty_one_changes_nothing(qtbot, window, store):
    chat, _ = said(store, "x", title="Bread")
    window.open_chat(chat.id)
    window.toggle_sidebar()
    window.rename_chat(chat.id)
    assert window.sidebar.isVisible()
    written(qtbot, window, " ")
    assert store.chats.get(chat.id).title == "Bread"

    window.rename_chat(chat.id)
    qtbot.keyClicks(window.sidebar._renaming, "Rolls")
    window.pane.set_focus()

    assert titles(window) == ["Rolls"]


def test_a_chat_that_goes_while_it_is_renamed_takes_the_line_along(qtbot, window, store):
    chat, _ = said(store, "x", title="Bread")
    window.open_chat(chat.id)
    window.rename_chat(chat.id)
    qtbot.keyClicks(window.sidebar._renaming, "Rolls")

    window.delete_chat(chat.id)

    assert not window.sidebar._renaming.isVisible()
    window.pane.notice.press()
    assert titles(window) == ["Bread"]


def test_a_folder_is_made_named_and_removed_with_undo(qtbot, window, store):
    chat, _ = said(store, "x", title="Bread")
    window.open_chat(chat.id)
    acts = {action.text(): action for action in window.menus.chat_menu(chat.id).actions()}
    folders = {action.text(): action for action in acts["Move to Folder"].menu().actions()}

    folders["New Folder"].trigger()
    written(qtbot, window, "Kitchen")
    (kitchen,) = store.chats.folders()
    assert (kitchen.name, store.chats.get(chat.id).folder) == ("Kitchen", kitchen.id)
    acts = {action.text(): action for action in window.menus.folder_menu(kitchen.id).actions()}
    acts["Rename Folder"].trigger()
    written(qtbot, window, "Baking")
    assert [folder.name for folder in store.chats.folders()] == ["Baking"]
    acts["Remove Folder"].trigger()
    assert (store.chats.folders(), store.chats.get(chat.id).folder) == ([], None)
    window.pane.notice.press()

    (folder,) = store.chats.folders()
    assert (folder.name, store.chats.get(chat.id).folder) == ("Baking", folder.id)


def test_a_chat_is_dragged_to_a_folder_to_the_pinned_ones_and_back(window, store):
    kitchen = store.chats.add_folder("Kitchen").id
    chat, _ = said(store, "x", title="Bread")
    pinned, _ = said(store, "x", title="Dear")
    said(store, "x", title="Other")
    store.chats.pin(pinned.id, pinned=True)
    window.sidebar.refresh()

    def drop(on: str) -> tuple[int | None, bool]:
        view, model = window.sidebar.list, window.sidebar._model
        rows = {model.data(model.index(number)): model.index(number) for number in range(model.rowCount())}
        data = dragged(rows["Bread"].data(ROW))
        assert data is not None
        assert bytes(data.data(CHAT).data()) == str(chat.id).encode()
        place = QPointF(view.visualRect(rows[on]).center())
        action, button = Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
        event = QDropEvent(place, action, data, button, Qt.KeyboardModifier.NoModifier)
        view.dropEvent(event)
        return store.chats.get(chat.id).folder, store.chats.get(chat.id).pinned

    assert drop(on="Kitchen") == (kitchen, False)
    assert drop(on="Dear") == (kitchen, True)
    assert drop(on="Other") == (None, False)
    assert dragged(Heading("Today")) is None


def test_the_chat_menu_knows_the_folder(window, store):
    kitchen = store.chats.add_folder("Kitchen").id
    chat, _ = said(store, "x")
    window.open_chat(chat.id)
    window.actions_on_chats.move(chat.id, kitchen)
    menu = window.menus.chat_menu(chat.id)
    folders = next(action.menu() for action in menu.actions() if action.text() == "Move to Folder")

    names = [(action.text(), action.isChecked()) for action in folders.actions() if action.text()]

    assert names == [
        ("Kitchen", True), ("No Folder", False), ("New Folder", False),
        ("Rename Folder", False), ("Remove Folder", False),
    ]  # fmt: skip
    menu.deleteLater()
