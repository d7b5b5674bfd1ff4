"""The file of chats: opened, private to its owner, brought up to date. Belongs to the thread that opened it.

In WAL mode what was committed survives the death of the process; a power cut may cost the last moment.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.store import schema
from engine.errors import KnownError
from engine.models import places

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_BUSY_MS = 5000
_SETTINGS = (
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "wal_autocheckpoint = 0",  # app.store.checkpoints does it elsewhere
    "foreign_keys = ON",
    "secure_delete = ON",
)


def default_path() -> Path:
    return places.home() / "chats" / "chats.sqlite"


def connect(path: Path) -> sqlite3.Connection:
    """The database, made if it is missing.

    Raises:
        KnownError: it cannot be written, is no database, or is of a newer Cadre.
    """
    try:
        _prepare(path)
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            return _opened(connection, path)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise KnownError(f"The chats cannot be kept in {path} ({error.strerror}).", _ELSEWHERE) from error
    except sqlite3.Error as error:
        raise KnownError(f"The chats in {path} cannot be read ({error}).", _ASIDE) from error


_ELSEWHERE = "Free some space, or set CADRE_HOME to a folder that can be written."
_ASIDE = "Move this file aside to begin anew; Cadre changes nothing in it."


def _prepare(path: Path) -> None:
    """The file exists with its rights before anything is in it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    path.parent.chmod(FOLDER_MODE)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE_MODE))
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if file.exists():
            file.chmod(FILE_MODE)


def _opened(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
    if (found := schema.version(connection)) > schema.VERSION:
        raise KnownError(
            f"The chats in {path} were written by a newer Cadre (format {found}).", "Update Cadre to read them."
        )
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}")
    schema.migrate(connection)
    return connection


@contextmanager
def together(connection: sqlite3.Connection) -> Iterator[None]:
    """What happens inside is written whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
