"""What a model is shown of files: kept once, as long as something has it, and then not at all."""

from __future__ import annotations

import base64
import json

import pytest

from app.attachments.file import File, Kind
from app.store.store import Store
from engine.errors import KnownError
from tests.vision.pictures import png

SEA, SHORE = png(20, 30, seed=1), png(30, 20, seed=2)
CAT = File("sea.png", Kind.PICTURE, 900, "", (SEA,), png(4, 4))
MEMO = File("memo.wav", Kind.SOUND, 900, "", (b"fLaC and so on",))
SCAN = File("scan.pdf", Kind.PDF, 900, "", (SEA, SHORE), png(4, 4), pages=7)


def kept(store: Store) -> set[bytes]:
    return {row["data"] for row in store._db.execute("SELECT data FROM media")}


def test_they_come_back_in_order(store):
    chat = store.chats.add("Sea")
    said = store.tree.say(chat.id, None, "Where?", [SCAN, CAT])

    assert store.files.of(said.id) == (SCAN, CAT)
    assert store.files.thumbnails(said.id) == (SCAN.thumbnail, CAT.thumbnail)
    (placed,) = store.tree.path(chat.id)
    assert placed.message.attached == said.attached
    assert [(file.parts, file.pages) for file in said.attached] == [(2, 7), (1, 0)]


def test_one_that_is_there_twice_is_kept_once_and_goes_with_the_last(store):
    chat = store.chats.add("Sea")
    store.files.set_draft(chat.id, [CAT])
    said = store.tree.say(chat.id, None, "Where?", store.files.draft(chat.id))
    store.files.set_draft(chat.id, [])
    store.tree.say(chat.id, None, "And this?", [SCAN])
    assert kept(store) == {SEA, SHORE}

    store.tree.delete(said.id)
    store.purge()
    assert kept(store) == {SEA, SHORE}
    store.chats.delete([chat.id])
    store.purge()

    assert kept(store) == set()


def test_deleted_for_good_no_byte_is_left(store, path):
    chat = store.chats.add("Sea")
    store.tree.say(chat.id, None, "Where?", [CAT])
    store.chats.delete([chat.id])

    store.purge()
    store.close()

    on_disk = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert SEA[40:140] not in on_disk
    assert CAT.thumbnail[-60:] not in on_disk


def test_a_draft_takes_the_place_of_the_one_before(store):
    store.files.set_draft(None, [SCAN, CAT])

    store.files.set_draft(None, [CAT])

    assert store.files.draft(None) == (CAT,)
    assert kept(store) == {SEA}


def test_they_go_along_in_json(store, tmp_path):
    chat = store.chats.add("Sea")
    store.tree.say(chat.id, None, "Where?", [SCAN, CAT, MEMO])
    other = Store(tmp_path / "other" / "c.sqlite")

    (new,) = other.transfer.import_json(store.transfer.export_json([chat.id]))

    assert other.files.of(other.tree.path(new)[0].message.id) == (SCAN, CAT, MEMO)
    assert "*sea.png*" in store.transfer.export_markdown(chat.id)
    other.close()


@pytest.mark.parametrize("given", [b"no picture", png(2100, 20), b"", "#"])
def test_what_is_no_picture_of_ours_is_not_taken(store, tmp_path, given):
    chat = store.chats.add("Sea")
    store.tree.say(chat.id, None, "Where?", [CAT])
    whole = json.loads(store.transfer.export_json([chat.id]))
    text = given if isinstance(given, str) else base64.b64encode(given).decode()
    whole["chats"][0]["messages"][0]["files"][0]["parts"] = [text]
    other = Store(tmp_path / "other" / "c.sqlite")

    with pytest.raises(KnownError, match="nothing was imported"):
        other.transfer.import_json(json.dumps(whole))

    assert other.chats.all() == []
    other.close()


def test_what_was_exported_before_pictures_comes_back(store, tmp_path):
    chat = store.chats.add("Old")
    store.tree.say(chat.id, None, "Why?", [File("a.py", Kind.CODE, 6, "x = 1\n")])
    whole = json.loads(store.transfer.export_json([chat.id]))
    whole["version"] = 2
    for name in ("parts", "thumbnail", "pages"):
        del whole["chats"][0]["messages"][0]["files"][0][name]
    other = Store(tmp_path / "other" / "c.sqlite")

    (new,) = other.transfer.import_json(json.dumps(whole))

    assert other.files.of(other.tree.path(new)[0].message.id)[0].text == "x = 1\n"
    other.close()
