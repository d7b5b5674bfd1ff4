"""What was dictated: text, when, by which recogniser, the name of its sound while that is kept. Knows no files.

A deleted one is hidden until `purge`, so that deleting can be undone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields

from app.store.search import match_expression

LIMIT = 500
"""Shown at once; older ones are found by searching."""


@dataclass(frozen=True)
class Dictation:
    """seconds: of sound. cleaned: the text as tidied by the model, "" for none. failure: why there is no text yet, as a
    sentence. audio: the name of its recording, "" when it is gone.
    """

    id: int
    created: float
    seconds: float
    text: str
    cleaned: str
    recogniser: str
    language: str
    failure: str
    audio: str


_COLUMNS = ", ".join(f"d.{field.name}" for field in fields(Dictation))


class Dictations:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(
        self, *, created: float, seconds: float, text: str, recogniser: str = "", language: str = "",
        failure: str = "", audio: str = "",
    ) -> Dictation:  # fmt: skip
        added = self._db.execute(
            "INSERT INTO dictations(created, seconds, text, recogniser, language, failure, audio) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (created, seconds, text, recogniser, language, failure, audio),
        )
        assert added.lastrowid is not None
        return self.get(added.lastrowid)

    def get(self, dictation: int) -> Dictation:
        """Raises KeyError: no such one, or it is deleted."""
        found = self._some("WHERE d.id = ? AND d.deleted = 0", (dictation,))
        if not found:
            raise KeyError(dictation)
        return found[0]

    def all(self, limit: int = LIMIT) -> list[Dictation]:
        """The newest first."""
        return self._some("WHERE d.deleted = 0 ORDER BY d.created DESC, d.id DESC LIMIT ?", (limit,))

    def find(self, text: str, limit: int = LIMIT) -> list[Dictation]:
        """Every word counts, the last one also as a beginning. The newest first."""
        expression = match_expression(text)
        if not expression:
            return []
        return self._some(
            "CROSS JOIN dictated ON dictated.rowid = d.id WHERE dictated MATCH ? AND d.deleted = 0 "
            "ORDER BY d.created DESC, d.id DESC LIMIT ?",
            (expression, limit),
        )

    def last(self) -> Dictation | None:
        """The newest with words."""
        found = self._some("WHERE d.deleted = 0 AND d.text <> '' ORDER BY d.created DESC, d.id DESC LIMIT 1")
        return found[0] if found else None

    def write(self, dictation: int, text: str, recogniser: str, language: str, audio: str) -> None:
        """Written down anew, by another recogniser perhaps: what was cleaned was of the old text."""
        self._db.execute(
            "UPDATE dictations SET text = ?, recogniser = ?, language = ?, audio = ?, cleaned = '', failure = '' "
            "WHERE id = ?",
            (text, recogniser, language, audio, dictation),
        )

    def fail(self, dictation: int, failure: str) -> None:
        self._db.execute("UPDATE dictations SET failure = ? WHERE id = ?", (failure, dictation))

    def clean(self, dictation: int, cleaned: str) -> None:
        self._db.execute("UPDATE dictations SET cleaned = ? WHERE id = ?", (cleaned, dictation))

    # --- gone ---------------------------------------------------------------------------------------------

    def delete(self, ids: Iterable[int]) -> None:
        self._db.executemany("UPDATE dictations SET deleted = 1 WHERE id = ?", [(one,) for one in ids])

    def restore(self, ids: Iterable[int]) -> None:
        self._db.executemany("UPDATE dictations SET deleted = 0 WHERE id = ?", [(one,) for one in ids])

    def deleted(self) -> list[Dictation]:
        return self._some("WHERE d.deleted = 1 ORDER BY d.created")

    def purge(self, dictation: int) -> None:
        """For good; of a deleted one only."""
        self._db.execute("DELETE FROM dictations WHERE id = ? AND deleted = 1", (dictation,))

    # --- recordings ---------------------------------------------------------------------------------------

    def recordings(self) -> set[str]:
        """The names of all that are kept, of deleted dictations too."""
        return {str(row["audio"]) for row in self._db.execute("SELECT audio FROM dictations WHERE audio <> ''")}

    def older(self, than: float) -> list[Dictation]:
        """With words, and with a recording from before that time. One without words keeps its recording."""
        return self._some(
            "WHERE d.audio <> '' AND d.created < ? AND d.failure = '' ORDER BY d.created",
            (than,),
        )

    def forget_audio(self, dictation: int) -> None:
        self._db.execute("UPDATE dictations SET audio = '' WHERE id = ?", (dictation,))

    def _some(self, where: str, values: tuple[object, ...] = ()) -> list[Dictation]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM dictations d {where}", values)
        return [Dictation(**dict(row)) for row in rows]
