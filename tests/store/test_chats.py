"""The list of chats."""

from __future__ import annotations

import pytest

from app.store.chats import title_from
from app.store.rows import Settings
from app.store.store import Store
from tests.store.talking import said, texts


def titles(store: Store) -> list[str]:
    return [chat.title for chat in store.chats.all()]


def test_the_last_changed_comes_first_and_pinned_ones_before(store):
    for title in "abc":
        said(store, "x", title=title)
    a, b = store.chats.all()[2], store.chats.all()[1]

    store.tree.say(a.id, None, "y")
    store.chats.pin(b.id, pinned=True)

    assert titles(store) == ["b", "a", "c"]


def test_settings_and_draft_stay(store, path):
    chat = store.chats.add("a", Settings(model="m", system="Be brief.", temperature=0.7))
    store.chats.set_draft(chat.id, "half a senten")
    store.close()

    again = Store(path)
    kept = again.chats.get(chat.id)
    again.close()

    assert kept.settings == Settings(model="m", system="Be brief.", temperature=0.7)
    assert kept.draft == "half a senten"


def test_a_name_given_by_the_person_is_not_replaced(store):
    chat = store.chats.add()

    store.chats.suggest_title(chat.id, "from the first question")
    store.chats.rename(chat.id, "  Mine ")
    store.chats.suggest_title(chat.id, "from another")

    assert titles(store) == ["Mine"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why?", "Why?"),
        ("\n\n# Heading\nmore", "Heading"),
        ("word " * 30, " ".join(["word"] * 12) + "…"),
        ("  \n ", ""),
    ],
)
def test_titles(text, title):
    assert title_from(text) == title


def test_deleting_can_be_undone(store):
    chat, _ = said(store, "a", "b")

    store.chats.delete([chat.id])
    with pytest.raises(KeyError):
        store.chats.get(chat.id)
    store.chats.restore([chat.id])

    assert texts(store, chat.id) == ["a", "b"]


def test_what_was_deleted_for_good_is_in_no_file(store, path):
    said(store, "keep this", "kept")
    chat, _ = said(store, "xylophone-secret", "zanzibar-secret", title="quokka-secret")
    other, of_other = said(store, "a", "walrus-secret")
    store.tree.delete(of_other[1].id)
    store.chats.delete([chat.id])

    store.purge()
    store._checkpoints.close()

    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    for word in (b"xylophone", b"zanzibar", b"quokka", b"walrus"):
        assert word not in written
    assert b"keep this" in written
    assert store.search.find("zanzibar") == []
    assert texts(store, other.id) == ["a"]


def test_the_next_start_finishes_what_was_deleted(store, path):
    chat, _ = said(store, "a")
    store.chats.delete([chat.id])
    store.close()

    again = Store(path)
    again.chats.restore([chat.id])

    assert again.chats.all() == []
    again.close()


def test_a_folder_that_goes_leaves_its_chats(store):
    chat = store.chats.add("a")
    folder = store.chats.add_folder(" Kitchen ")
    store.chats.move(chat.id, folder.id)
    assert store.chats.get(chat.id).folder == folder.id

    store.chats.rename_folder(folder.id, "Bread")
    assert [each.name for each in store.chats.folders()] == ["Bread"]
    store.chats.remove_folder(folder.id)

    assert store.chats.get(chat.id).folder is None
    assert store.chats.folders() == []


def test_small_things_are_kept(store):
    assert store.chats.kept("sidebar", "1") == "1"
    store.chats.keep("sidebar", "0")
    assert store.chats.kept("sidebar", "1") == "0"
