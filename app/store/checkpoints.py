"""Moves what was written from the log into the file. On a thread of its own, since it waits for the disk.

A busy disk can keep that wait for minutes; who writes messages must not feel it.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

log = logging.getLogger(__name__)


class Checkpoints:
    """Any thread may ask; the thread begins with the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted: queue.SimpleQueue[bool | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def soon(self, *, empty: bool = False) -> None:
        """empty: leave nothing of what was written in the log, for what was deleted for good."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="cadre-checkpoints", daemon=True)
            self._thread.start()
        self._wanted.put(empty)

    def close(self) -> None:
        """After what was asked for is done."""
        if self._thread is not None:
            self._wanted.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        try:
            with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as connection:
                while (empty := self._wanted.get()) is not None:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()  # the wait, blocking nobody
                    if empty:
                        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            log.warning("the log of the chats could not be moved into their file", exc_info=True)
