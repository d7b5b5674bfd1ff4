"""The file of chats: private, brought up to date, refused when it is not ours to touch."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from app.store import schema
from app.store.store import Store
from engine.errors import KnownError
from tests.store.talking import said, texts

FROZEN = Path(__file__).parent / "frozen"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read(store, path):
    said(store, "secret")

    assert mode(path.parent) == 0o700
    assert {mode(file) for file in path.parent.iterdir()} == {0o600}


def test_rights_that_were_loosened_are_mended(path):
    Store(path).close()
    path.chmod(0o644)

    Store(path).close()

    assert mode(path) == 0o600


def restored(path: Path, version: int) -> None:
    """A file as that version of Cadre left it."""
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.executescript((FROZEN / f"version-{version}.sql").read_text(encoding="utf-8"))
    connection.close()


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_a_file_of_every_version_opens(path, version):
    restored(path, version)

    store = Store(path)

    chats = store.chats.all()
    assert [chat.title for chat in chats] == ["Trip to Lyon", "Bread"]
    assert chats[0].pinned
    assert chats[0].settings.system == "Be brief."
    assert texts(store, chats[0].id) == ["Where to eat in Lyon?", "In a bouchon."]
    assert [hit.title for hit in store.search.find("bouchon")] == ["Trip to Lyon"]
    store.close()


def test_files_of_an_old_file_are_there(path):
    restored(path, 2)

    store = Store(path)

    (file,) = store.files.of(3)
    assert (file.name, file.text) == ("map.txt", "Presqu'ile, Croix-")
    assert store.tree.get(3).attached[0].characters == 18
    store.close()


def test_pictures_of_an_old_file_are_there(path):
    restored(path, 4)

    store = Store(path)

    _, picture = store.files.of(3)
    (page,) = store.files.draft(2)
    assert (picture.name, picture.kind, len(picture.parts)) == ("Lyon.png", "picture", 1)
    assert (page.parts, page.pages) == (picture.parts, 7)
    assert store.tree.get(3).attached[1].parts == 1
    store.close()


def test_dictations_of_an_old_file_are_there(path):
    restored(path, 5)

    store = Store(path)

    assert [(one.text, one.cleaned, one.failure, one.audio) for one in store.dictations.all()] == [
        ("", "", "The engine stopped.", "1700000008000.pcm"),
        ("two seats by the window", "Two seats by the window.", "", "1700000007000.pcm"),
    ]
    assert [one.id for one in store.dictations.find("window")] == [1]
    store.close()


def test_migrations_run_in_order_and_each_once(path, monkeypatch):
    Store(path).close()
    steps = (*schema.MIGRATIONS, "ALTER TABLE chats ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm';")
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    monkeypatch.setattr(schema, "VERSION", len(steps))

    for _ in range(2):
        Store(path).close()

    connection = sqlite3.connect(path)
    assert schema.version(connection) == len(steps)
    assert [row[1] for row in connection.execute("PRAGMA table_info(chats)")].count("mood") == 1
    connection.close()


def test_a_migration_that_fails_leaves_the_file_as_it_was(path, monkeypatch):
    Store(path).close()
    steps = (*schema.MIGRATIONS, "CREATE TABLE half (a); CREATE TABLE chats (b);")
    monkeypatch.setattr(schema, "MIGRATIONS", steps)
    monkeypatch.setattr(schema, "VERSION", len(steps))

    with pytest.raises(KnownError):
        Store(path)

    connection = sqlite3.connect(path)
    assert schema.version(connection) == len(steps) - 1
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half'").fetchone() == (0,)
    connection.close()


def test_a_newer_file_is_left_alone(path):
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(KnownError, match="newer Cadre"):
        Store(path)


def test_what_is_no_database_is_named(path):
    path.parent.mkdir()
    path.write_bytes(b"no database " * 100)

    with pytest.raises(KnownError, match="cannot be read"):
        Store(path)
    assert path.read_bytes().startswith(b"no database")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    tmp_path.chmod(0o500)

    with pytest.raises(KnownError, match="cannot be kept"):
        Store(tmp_path / "chats" / "chats.sqlite")


def test_the_log_is_moved_into_the_file_by_another_thread(store, path):
    said(store, *["a long text " * 100] * 40)
    log = path.with_name(path.name + "-wal")
    before = path.stat().st_size
    assert log.stat().st_size > 100_000

    store.tidy()
    store._checkpoints.close()

    assert path.stat().st_size > before
    assert store._db.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0


DEEDS = {
    "the list of chats": (lambda store, chat: store.chats.all(), {"chats_by_change"}),
    "opening a chat": (lambda store, chat: store.tree.path(chat), {"messages_of_chat", "files_of_message"}),
    "the draft's files": (lambda store, chat: store.files.draft(chat), {"files_of_"}),
    "a new chat's files": (lambda store, chat: store.files.draft(None), {"files_of_"}),
    "what a crash cut off": (lambda store, chat: store.tree.recover(), {"messages_unfinished"}),
    "the versions of a message": (
        lambda store, chat: store.tree.siblings(store.tree.path(chat)[0].message.id), {"messages_of_chat"},
    ),
    "the dictations": (lambda store, chat: store.dictations.all(), {"dictations_by_time"}),
    "a search": (lambda store, chat: store.search.find("secret"), {"VIRTUAL TABLE INDEX"}),
}  # fmt: skip
SCANNED = {"SCAN chats", "SCAN folders"}
"""What may be read whole: titles are searched by a part of a word, and there are few chats beside messages."""


@pytest.mark.parametrize("name", DEEDS)
def test_what_is_done_often_uses_an_index(store, name):
    """The statements that really run, and how SQLite means to run them."""
    chat, _ = said(store, "secret", "answer")
    deed, wanted = DEEDS[name]
    ran: list[str] = []
    store._db.set_trace_callback(ran.append)
    deed(store, chat.id)
    store._db.set_trace_callback(None)

    queries = [words for words in ran if words.startswith(("SELECT", "UPDATE", "\nSELECT"))]
    plans = [str(row[3]) for query in queries for row in store._db.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert all(any(index in plan for plan in plans) for index in wanted), plans
    scans = {plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan}
    assert scans <= SCANNED, plans
