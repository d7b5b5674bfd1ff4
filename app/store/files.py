"""Files that were attached: to what was said, or to what is being written. Their text is read only when wanted."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from app.attachments.file import File, Kind
from app.store.database import together
from app.store.rows import Attached

_ADD = "INSERT INTO files(message, chat, name, kind, bytes, characters, text) VALUES (?, ?, ?, ?, ?, ?, ?)"


class Files:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of(self, message: int) -> tuple[File, ...]:
        rows = self._db.execute("SELECT name, kind, bytes, text FROM files WHERE message = ? ORDER BY id", (message,))
        return tuple(map(_file, rows))

    def draft(self, chat: int | None) -> tuple[File, ...]:
        """What is attached to what the person writes in this chat; None: a new one."""
        rows = self._db.execute(
            "SELECT name, kind, bytes, text FROM files WHERE message IS NULL AND chat IS ? ORDER BY id", (chat,)
        )
        return tuple(map(_file, rows))

    def set_draft(self, chat: int | None, files: Sequence[File]) -> None:
        with together(self._db):
            self._db.execute("DELETE FROM files WHERE message IS NULL AND chat IS ?", (chat,))
            add(self._db, files, chat=chat)


def add(db: sqlite3.Connection, files: Sequence[File], message: int | None = None, chat: int | None = None) -> None:
    """Within a transaction of the caller's."""
    rows = [(message, chat, file.name, file.kind, file.bytes, len(file.text), file.text) for file in files]
    db.executemany(_ADD, rows)


def attached(db: sqlite3.Connection, chat: int) -> dict[int, tuple[Attached, ...]]:
    """What each message of a chat came with."""
    found: dict[int, tuple[Attached, ...]] = {}
    for row in db.execute(
        "SELECT f.message, f.name, f.kind, f.bytes, f.characters FROM messages m CROSS JOIN files f "
        "ON f.message = m.id WHERE m.chat = ? ORDER BY f.id",
        (chat,),
    ):
        found[row["message"]] = (*found.get(row["message"], ()), _attached(row))
    return found


def _attached(row: sqlite3.Row) -> Attached:
    return Attached(row["name"], row["kind"], row["bytes"], row["characters"])


def _file(row: sqlite3.Row) -> File:
    return File(row["name"], Kind(row["kind"]), row["bytes"], row["text"])
