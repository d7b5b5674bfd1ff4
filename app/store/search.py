"""Finds chats by what was said in them and by their titles. Every word counts, the last one also as a beginning."""

from __future__ import annotations

import re
import sqlite3

from app.store.rows import MARK_OFF, MARK_ON, Found

LIMIT = 50
_AROUND = 12
"""Words of a snippet."""

_QUERY = f"""
SELECT m.chat, c.title, c.changed, m.id AS message,
       snippet(words, 0, '{MARK_ON}', '{MARK_OFF}', '…', {_AROUND}) AS snippet
FROM words CROSS JOIN messages m ON m.id = words.rowid CROSS JOIN chats c ON c.id = m.chat
WHERE words MATCH ? AND NOT m.deleted AND NOT c.deleted
ORDER BY words.rank LIMIT ?
"""


class Search:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def find(self, text: str, limit: int = LIMIT) -> list[Found]:
        """Chats by title first, then by their best message; each chat once."""
        expression = match_expression(text)
        if not expression:
            return []
        found = {hit.chat: hit for hit in self._titles(text, limit)}
        for hit in self._messages(expression, limit):
            before = found.get(hit.chat)
            if before is None or not before.snippet:
                found[hit.chat] = hit
        return list(found.values())[:limit]

    def _titles(self, text: str, limit: int) -> list[Found]:
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", text.strip()) + "%"
        rows = self._db.execute(
            "SELECT id, title, changed FROM chats WHERE title LIKE ? ESCAPE '\\' AND NOT deleted "
            "ORDER BY changed DESC LIMIT ?",
            (pattern, limit),
        )
        return [Found(row["id"], row["title"], row["changed"], None, "") for row in rows]

    def _messages(self, expression: str, limit: int) -> list[Found]:
        rows = self._db.execute(_QUERY, (expression, limit * 4))
        best: dict[int, Found] = {}
        for row in rows:
            hit = Found(row["chat"], row["title"], row["changed"], row["message"], row["snippet"])
            best.setdefault(hit.chat, hit)
        return list(best.values())


def match_expression(text: str) -> str:
    """What SQLite's full-text search is asked: all words, quoted, so that nothing typed is an operator."""
    words = re.findall(r"\w+", text)
    if not words:
        return ""
    quoted = [f'"{word}"' for word in words]
    return " ".join([*quoted[:-1], quoted[-1] + "*"])
