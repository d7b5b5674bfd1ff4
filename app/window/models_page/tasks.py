"""Work that must not hold up the interface: on a thread each, its end told on the interface's thread.

A failure that a person can act on goes to `failed`, a bug to the log and to `failed` too. Who stopped it is told
nothing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import Cancelled, KnownError
from engine.models.download.stopping import Stop

log = logging.getLogger(__name__)
T = TypeVar("T")
_LAST_WAIT = 5.0
"""Seconds that closing may take."""


class Tasks(QObject):
    _told = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[threading.Thread, Stop] = {}
        self._closed = False
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def do(
        self,
        name: str,
        work: Callable[[Stop], T],
        then: Callable[[T], None],
        failed: Callable[[KnownError], None],
        stop: Stop | None = None,
    ) -> Stop:
        """Begins it; what comes back ends it."""
        stop = stop or Stop()

        def run() -> None:
            try:
                result = work(stop)
            except Cancelled:
                return
            except KnownError as error:
                known = error
            except Exception:
                log.exception("%s failed", name)
                known = KnownError("Something went wrong inside Cadre; this is a bug.", "The log has the details.")
            else:
                self._told.emit(lambda: None if stop.is_set else then(result))
                return
            self._told.emit(lambda: None if stop.is_set else failed(known))

        thread = threading.Thread(target=run, name=f"cadre-{name}", daemon=True)
        self._running = {other: its for other, its in self._running.items() if other.is_alive()} | {thread: stop}
        thread.start()
        return stop

    def tell(self, news: Callable[[], None]) -> None:
        """From a thread: run this on the interface's."""
        self._told.emit(news)

    def close(self) -> None:
        """Stops everything and waits for it, but not for long: an address that is looked up cannot be broken off."""
        self._closed = True
        for stop in self._running.values():
            stop.set()
        for thread in self._running:
            thread.join(_LAST_WAIT)

    def _hear(self, news: Callable[[], None]) -> None:
        if not self._closed:
            news()
