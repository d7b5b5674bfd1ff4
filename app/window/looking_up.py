"""What is to be known of each model, looked up on threads of their own, then remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal


class LookingUp(QObject):
    """changed: something is known now that was not. look: waits for the disk; what it gives is kept."""

    changed = Signal()
    _looked = Signal(str, object)

    def __init__(self, look: Callable[[str], Any], unknown: Any, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look, self._unknown, self._name = look, unknown, name
        self._known: dict[str, Any] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._looked.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def of(self, model: str) -> Any:
        """What is known; `unknown` until then."""
        if model not in self._known and not self._closed:
            self._known[model] = self._unknown
            thread = threading.Thread(target=self._find, args=(model,), name=self._name, daemon=True)
            self._threads.append(thread)
            thread.start()
        return self._known.get(model, self._unknown)

    def close(self) -> None:
        """Waits for the threads; what they found is told to nobody any more."""
        self._closed = True
        for thread in self._threads:
            thread.join()

    def _find(self, model: str) -> None:
        self._looked.emit(model, self._look(model))

    def _take(self, model: str, found: Any) -> None:
        if not self._closed:
            self._known[model] = found
            self.changed.emit()
