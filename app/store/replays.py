"""How the last answers came to be, as bytes that the store does not read. Only the newest KEPT are kept."""

from __future__ import annotations

import sqlite3

from app.store.database import together

KEPT = 20


class Replays:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def keep(self, message: int, data: bytes) -> None:
        """Nothing, where the message was deleted for good meanwhile."""
        with together(self._db):
            there = self._db.execute("SELECT 1 FROM messages WHERE id = ?", (message,)).fetchone()
            if there is None:
                return
            self._db.execute("INSERT OR REPLACE INTO replays(message, data) VALUES (?, ?)", (message, data))
            self._db.execute(
                "DELETE FROM replays WHERE message NOT IN (SELECT message FROM replays ORDER BY message DESC LIMIT ?)",
                (KEPT,),
            )

    def get(self, message: int) -> bytes | None:
        row = self._db.execute("SELECT data FROM replays WHERE message = ?", (message,)).fetchone()
        return None if row is None else bytes(row["data"])
