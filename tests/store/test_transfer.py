"""Chats as files."""

from __future__ import annotations

import codecs
import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.attachments.file import File, Kind
from app.store.rows import Settings, State
from app.store.store import Store
from app.store.transfer import is_export
from engine.errors import KnownError
from tests.store.talking import answered, said, texts


def test_markdown_holds_the_shown_branch(store):
    chat, messages = said(store, "Why?", "Because.", title="A question")
    answered(store, chat, messages[0], "For no reason.")

    text = store.transfer.export_markdown(chat.id)

    assert text.startswith("# A question\n")
    assert "## You\n\nWhy?\n\n## Cadre\n\nFor no reason.\n" in text
    assert "Because." not in text


def test_markdown_leaves_out_thoughts_and_says_why_an_answer_ends(store):
    chat, messages = said(store, "Why?", "<think>Hm.</think>Because.", "And?", title="A question")
    stopped = store.tree.begin_answer(chat.id, messages[2].id)
    store.tree.finish(stopped.id, "<think>Hm, and", State.STOPPED)
    again = store.tree.say(chat.id, stopped.id, "Well?")
    failed = store.tree.begin_answer(chat.id, again.id)
    failure = {"known": True, "sentence": "The engine stopped.", "next_step": "Ask again."}
    store.tree.finish(failed.id, "It", State.FAILED, failure=failure)

    text = store.transfer.export_markdown(chat.id)

    assert "Hm" not in text
    assert "## Cadre\n\nBecause.\n" in text
    assert "## Cadre\n\n*Stopped.*\n" in text
    assert "## Cadre\n\nIt\n\n*The engine stopped. Ask again.*\n" in text


def test_json_comes_back_with_every_branch(store, tmp_path):
    chat, messages = said(store, "Why?", "Because.", title="A question")
    answered(store, chat, messages[0], "For no reason.")
    store.tree.show(messages[1].id)
    store.chats.set_settings(chat.id, Settings(system="Be brief."))
    store.chats.move(chat.id, store.chats.add_folder("Odd").id)
    other = Store(tmp_path / "other" / "c.sqlite")

    (new,) = other.transfer.import_json(store.transfer.export_json([chat.id]))

    assert texts(other, new) == ["Why?", "Because."]
    assert other.tree.path(new)[1].number == 1
    assert other.tree.count(new) == 3
    assert other.chats.get(new).settings.system == "Be brief."
    assert [folder.name for folder in other.chats.folders()] == ["Odd"]
    assert other.tree.path(new)[1].message.record == {"model": "m"}
    other.close()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "x"}', '{"format": "cadre-chats", "version": 99, "chats": []}']
)
def test_another_file_is_refused(store, text):
    with pytest.raises(KnownError):
        store.transfer.import_json(text)


def test_a_damaged_file_adds_nothing(store):
    chat, _ = said(store, "a", "b")
    whole = json.loads(store.transfer.export_json([chat.id, chat.id]))
    del whole["chats"][1]["messages"][0]["role"]

    with pytest.raises(KnownError, match="nothing was imported"):
        store.transfer.import_json(json.dumps(whole))

    assert len(store.chats.all()) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda chat: chat.update(created=1e300),
        lambda chat: chat.update(changed=-1),
        lambda chat: chat.update(created=float("nan")),
        lambda chat: chat["messages"][0].update(created=10**400),
        lambda chat: chat["messages"][1].update(failure={"sentence": "No."}),
        lambda chat: chat["messages"][1].update(record=[1]),
        lambda chat: chat["messages"][0].update(files=[{"name": "a", "kind": "text", "text": "x", "bytes": 10**30}]),
        lambda chat: chat["messages"][0].update(text="\ud800"),
    ],
)
def test_what_the_window_could_not_show_does_not_come_in(store, spoil):
    chat, _ = said(store, "a", "b")
    whole = json.loads(store.transfer.export_json([chat.id]))
    spoil(whole["chats"][0])

    with pytest.raises(KnownError, match="nothing was imported"):
        store.transfer.import_json(json.dumps(whole))

    assert len(store.chats.all()) == 1


def test_settings_of_another_kind_are_left_out(store):
    chat, _ = said(store, "a", "b", title="Of\ntwo lines")
    whole = json.loads(store.transfer.export_json([chat.id]))
    whole["chats"][0]["settings"] = {"temperature": "hot", "system": 3, "max_tokens": True, "mode": "fast", "new": 1}

    (new,) = store.transfer.import_json(json.dumps(whole))

    assert store.chats.get(new).settings == Settings(mode="fast")
    assert store.chats.get(new).title == "Of two lines"


def test_an_export_is_known_by_how_it_begins(store):
    chat, _ = said(store, "a", "b")
    written = store.transfer.export_json([chat.id]).encode()

    assert is_export(written[:64])
    assert is_export(codecs.BOM_UTF8 + written[:64])
    assert not is_export(b'{"name": "cadre-chats"}')
    assert not is_export(b"")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("any") / "c.sqlite")
    yield store
    store.close()


@settings(max_examples=60, deadline=None)
@given(chats=json_values)
def test_whatever_stands_in_it_only_a_known_error_comes_out(untouched, chats):
    with contextlib.suppress(KnownError):
        untouched.transfer.import_json(json.dumps({"format": "cadre-chats", "version": 1, "chats": chats}))

    assert untouched.chats.all() == []


def test_attached_files_go_along(store, tmp_path):
    chat = store.chats.add("With a file")
    question = store.tree.say(chat.id, None, "Why?", [File("a.py", Kind.CODE, 6, "x = 1\n")])
    other = Store(tmp_path / "other" / "c.sqlite")

    (new,) = other.transfer.import_json(store.transfer.export_json([chat.id]))

    assert other.files.of(other.tree.path(new)[0].message.id) == store.files.of(question.id)
    assert "*a.py*\n\nWhy?" in store.transfer.export_markdown(chat.id)
    other.close()


def test_a_deleted_message_takes_its_files_along(store):
    chat = store.chats.add("With a file")
    store.tree.say(chat.id, None, "Why?", [File("a.py", Kind.CODE, 6, "x = 1\n")])
    store.files.set_draft(chat.id, [File("b.py", Kind.CODE, 6, "y = 1\n")])
    store.chats.delete([chat.id])

    store.purge()

    assert store._db.execute("SELECT count(*) FROM files").fetchone()[0] == 0
