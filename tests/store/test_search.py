"""Finding what was said."""

from __future__ import annotations

import pytest

from app.store.rows import MARK_OFF, MARK_ON
from tests.store.talking import said


def test_words_are_found_with_what_stands_around_them(store):
    said(store, "Where shall we eat?", "There is a small bouchon near the river.", title="Lyon")
    said(store, "Bread", "Flour and water", title="Bread")

    (hit,) = store.search.find("bouch")

    assert hit.title == "Lyon"
    assert f"{MARK_ON}bouchon{MARK_OFF}" in hit.snippet
    assert hit.message is not None


def test_accents_and_case_do_not_matter_and_every_word_counts(store):
    said(store, "Crème brûlée from Café Mozart")

    assert len(store.search.find("cafe creme")) == 1
    assert store.search.find("cafe tart") == []


def test_titles_are_found(store):
    chat, _ = said(store, "x", title="100% rye")

    assert [hit.chat for hit in store.search.find("100% r")] == [chat.id]


@pytest.mark.parametrize("typed", ['"', "a OR", "NEAR(", "*", "x AND (", "' ; DROP TABLE chats", "col:x", "\x00"])
def test_what_is_typed_is_never_an_operator(store, typed):
    said(store, "hello")

    store.search.find(typed)

    assert len(store.chats.all()) == 1


def test_an_edited_branch_is_found_and_opens_there(store):
    chat, messages = said(store, "find the aardvark", "ok")
    store.tree.say(chat.id, None, "something else")

    (hit,) = store.search.find("aardvark")

    assert hit.message == messages[0].id


def test_deleted_chats_are_not_found(store):
    chat, _ = said(store, "aardvark", title="Animals")
    store.chats.delete([chat.id])

    assert store.search.find("aardvark") == []
    assert store.search.find("Animals") == []
