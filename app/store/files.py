"""Files that were attached: to what was said, or to what is being written. Their contents are read only when wanted.

What a model is shown of them is kept once, however many messages and drafts have it, and goes with the last of them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence

from app.attachments.file import File, Kind
from app.store.database import together
from app.store.rows import Attached

_COLUMNS = "id, name, kind, bytes, text, thumbnail, pages"
_ADD = (
    "INSERT INTO files(message, chat, name, kind, bytes, characters, text, thumbnail, pages) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Files:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of(self, message: int) -> tuple[File, ...]:
        return self._found("message = ?", message)

    def draft(self, chat: int | None) -> tuple[File, ...]:
        """What is attached to what the person writes in this chat; None: a new one."""
        return self._found("message IS NULL AND chat IS ?", chat)

    def set_draft(self, chat: int | None, files: Sequence[File]) -> None:
        """The new before the old goes, so that what stays is not written again."""
        with together(self._db):
            before = self._db.execute("SELECT id FROM files WHERE message IS NULL AND chat IS ?", (chat,)).fetchall()
            add(self._db, files, chat=chat)
            self._db.executemany("DELETE FROM files WHERE id = ?", [(row["id"],) for row in before])

    def thumbnails(self, message: int) -> tuple[bytes, ...]:
        """One for each of its files; empty where there is nothing to see."""
        rows = self._db.execute("SELECT thumbnail FROM files WHERE message = ? ORDER BY id", (message,))
        return tuple(row["thumbnail"] for row in rows)

    def _found(self, where: str, which: int | None) -> tuple[File, ...]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM files WHERE {where} ORDER BY id", (which,)).fetchall()
        return tuple(self._file(row) for row in rows)

    def _file(self, row: sqlite3.Row) -> File:
        parts = self._db.execute(
            "SELECT m.data FROM parts p CROSS JOIN media m ON m.digest = p.digest WHERE p.file = ? ORDER BY p.number",
            (row["id"],),
        )
        return File(
            row["name"], Kind(row["kind"]), row["bytes"], row["text"],
            tuple(part["data"] for part in parts), row["thumbnail"], row["pages"],
        )  # fmt: skip


def add(db: sqlite3.Connection, files: Sequence[File], message: int | None = None, chat: int | None = None) -> None:
    """Within a transaction of the caller's."""
    for file in files:
        row = (message, chat, file.name, file.kind, file.bytes, len(file.text), file.text, file.thumbnail, file.pages)
        added = db.execute(_ADD, row).lastrowid
        for number, part in enumerate(file.parts):
            digest = hashlib.sha256(part).digest()
            db.execute("INSERT OR IGNORE INTO media(digest, data) VALUES (?, ?)", (digest, part))
            db.execute("INSERT INTO parts(file, number, digest) VALUES (?, ?, ?)", (added, number, digest))


def attached(db: sqlite3.Connection, chat: int) -> dict[int, tuple[Attached, ...]]:
    """What each message of a chat came with."""
    found: dict[int, tuple[Attached, ...]] = {}
    for row in db.execute(
        "SELECT f.message, f.name, f.kind, f.bytes, f.characters, f.pages, "
        "(SELECT count(*) FROM parts p WHERE p.file = f.id) AS parts "
        "FROM messages m CROSS JOIN files f ON f.message = m.id WHERE m.chat = ? ORDER BY f.id",
        (chat,),
    ):
        found[row["message"]] = (*found.get(row["message"], ()), _attached(row))
    return found


def described(file: File) -> Attached:
    return Attached(file.name, file.kind, file.bytes, len(file.text), len(file.parts), file.pages)


def _attached(row: sqlite3.Row) -> Attached:
    return Attached(row["name"], row["kind"], row["bytes"], row["characters"], row["parts"], row["pages"])
