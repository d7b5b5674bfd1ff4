"""The door to the chats: one open file and its parts. Use it on the thread that opened it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app.store.chats import Chats
from app.store.checkpoints import Checkpoints
from app.store.database import connect, default_path
from app.store.dictations import Dictations
from app.store.files import Files
from app.store.replays import Replays
from app.store.search import Search
from app.store.transfer import Transfer
from app.store.tree import Tree


class Store:
    """recovered: answers that the last run's end cut off.

    Raises:
        KnownError: the file cannot be opened.
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self.path = path or default_path()
        self._db = connect(self.path)
        self.chats = Chats(self._db, clock)
        self.tree = Tree(self._db, clock)
        self.files = Files(self._db)
        self.replays = Replays(self._db)
        self.search = Search(self._db)
        self.dictations = Dictations(self._db)
        self.transfer = Transfer(self._db, self.chats, self.tree, self.files)
        self._checkpoints = Checkpoints(self.path)
        self.recovered = self.tree.recover()
        self.purge()

    def purge(self) -> None:
        """Delete for good what was deleted. Nothing of it stays on disk, a moment later."""
        if self.chats.purge():
            self._checkpoints.soon(empty=True)

    def tidy(self) -> None:
        """Keeps the log short; call it after much was written."""
        self._checkpoints.soon()

    def close(self) -> None:
        self._checkpoints.close()
        self._db.close()
