"""The list of chats and folders: make, name, sort, delete. Knows nothing of what is said in them.

A deleted chat is hidden until `purge`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from math import isfinite

from app.store.database import together
from app.store.rows import Chat, Folder, Settings

_TITLE = 60


class Chats:
    """clock: seconds since 1970."""

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._db = connection
        self._clock = clock

    # --- chats --------------------------------------------------------------------------------------------

    def add(self, title: str = "", settings: Settings | None = None, folder: int | None = None) -> Chat:
        now = self._clock()
        added = self._db.execute(
            "INSERT INTO chats(title, created, changed, settings, folder) VALUES (?, ?, ?, ?, ?)",
            (title, now, now, json.dumps(asdict(settings or Settings())), folder),
        )
        assert added.lastrowid is not None
        return self.get(added.lastrowid)

    def get(self, chat: int) -> Chat:
        """Raises KeyError: no such chat, or it is deleted."""
        row = self._db.execute("SELECT * FROM chats WHERE id = ? AND NOT deleted", (chat,)).fetchone()
        if row is None:
            raise KeyError(chat)
        return _chat(row)

    def is_there(self, chat: int) -> bool:
        """It exists and is not deleted."""
        return self._db.execute("SELECT 1 FROM chats WHERE id = ? AND NOT deleted", (chat,)).fetchone() is not None

    def all(self) -> list[Chat]:
        """Pinned ones first, then by last change."""
        rows = self._db.execute("SELECT * FROM chats WHERE deleted = 0 ORDER BY pinned DESC, changed DESC, id DESC")
        return [_chat(row) for row in rows]

    def touch(self, chat: int) -> None:
        self._set(chat, "changed", self._clock())

    def rename(self, chat: int, title: str) -> None:
        with together(self._db):
            self._set(chat, "title", title.strip())
            self._set(chat, "named", 1)

    def suggest_title(self, chat: int, text: str) -> None:
        """From what was asked first, unless the person named it."""
        self._db.execute("UPDATE chats SET title = ? WHERE id = ? AND NOT named", (title_from(text), chat))

    def pin(self, chat: int, *, pinned: bool) -> None:
        self._set(chat, "pinned", int(pinned))

    def set_draft(self, chat: int, text: str) -> None:
        self._set(chat, "draft", text)

    def set_settings(self, chat: int, settings: Settings) -> None:
        self._set(chat, "settings", json.dumps(asdict(settings)))

    def set_leaf(self, chat: int, message: int | None) -> None:
        self._set(chat, "leaf", message)

    def _set(self, chat: int, column: str, value: object) -> None:
        self._db.execute(f"UPDATE chats SET {column} = ? WHERE id = ?", (value, chat))

    # --- deleting -----------------------------------------------------------------------------------------

    def delete(self, chats: Sequence[int]) -> None:
        self._db.executemany("UPDATE chats SET deleted = 1 WHERE id = ?", [(chat,) for chat in chats])

    def restore(self, chats: Sequence[int]) -> None:
        self._db.executemany("UPDATE chats SET deleted = 0 WHERE id = ?", [(chat,) for chat in chats])

    def purge(self) -> int:
        """Delete for good what was deleted, chats and messages; how many. The log still has it until a checkpoint."""
        with together(self._db):
            gone = self._db.execute("DELETE FROM chats WHERE deleted").rowcount
            gone += self._db.execute("DELETE FROM messages WHERE deleted").rowcount
            if gone:
                self._db.execute("INSERT INTO words(words) VALUES ('optimize')")
        return gone

    # --- folders ------------------------------------------------------------------------------------------

    def folders(self) -> list[Folder]:
        rows = self._db.execute("SELECT id, name FROM folders ORDER BY name COLLATE NOCASE, id")
        return [Folder(row["id"], row["name"]) for row in rows]

    def add_folder(self, name: str) -> Folder:
        added = self._db.execute("INSERT INTO folders(name) VALUES (?)", (name.strip(),))
        assert added.lastrowid is not None
        return Folder(added.lastrowid, name.strip())

    def rename_folder(self, folder: int, name: str) -> None:
        self._db.execute("UPDATE folders SET name = ? WHERE id = ?", (name.strip(), folder))

    def remove_folder(self, folder: int) -> None:
        """Its chats stay, in no folder."""
        self._db.execute("DELETE FROM folders WHERE id = ?", (folder,))

    def move(self, chat: int, folder: int | None) -> None:
        self._set(chat, "folder", folder)

    # --- small things that outlive the app ----------------------------------------------------------------

    def keep(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept(name, value) VALUES (?, ?)", (name, value))

    def kept(self, name: str, default: str = "") -> str:
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else default


def title_from(text: str) -> str:
    """The first line that says something, cut at a word."""
    line = next((line.strip(" #*>`-") for line in text.splitlines() if line.strip(" #*>`-")), "")
    if len(line) <= _TITLE:
        return line
    return line[:_TITLE].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def settings_from(values: dict[str, object]) -> Settings:
    """Those of a stored object that are still known and of the kind they should be; the rest as they are by default."""
    kinds = {field.name: type(field.default) for field in fields(Settings)}
    return Settings(**{name: value for name, value in values.items() if _is_of(value, kinds.get(name))})  # type: ignore[arg-type]


def _is_of(value: object, kind: type | None) -> bool:
    if kind is float:
        return isinstance(value, float | int) and not isinstance(value, bool) and isfinite(value) and value >= 0
    return kind is not None and type(value) is kind


def _chat(row: sqlite3.Row) -> Chat:
    return Chat(
        id=row["id"],
        title=row["title"],
        created=row["created"],
        changed=row["changed"],
        named=bool(row["named"]),
        pinned=bool(row["pinned"]),
        folder=row["folder"],
        leaf=row["leaf"],
        draft=row["draft"],
        settings=settings_from(json.loads(row["settings"])),
    )
