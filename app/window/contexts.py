"""How many tokens each model's context holds, from its config. Looked up on a thread of its own, then remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.models.catalogue import resolve


def size_of(model: str) -> int:
    """0: it does not say, or cannot be read. Waits for the disk."""
    try:
        value = Checkpoint.open(resolve(model)).text_config.get("max_position_embeddings")
    except KnownError:
        return 0
    return value if isinstance(value, int) and value > 0 else 0


class Contexts(QObject):
    """changed: one is known now that was not."""

    changed = Signal()
    _looked = Signal(str, int)

    def __init__(self, look: Callable[[str], int] = size_of, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._known: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._looked.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def size(self, model: str) -> int:
        """0 until it is known; then `changed` tells."""
        if model not in self._known:
            self._known[model] = 0
            thread = threading.Thread(target=self._find, args=(model,), name="cadre-context", daemon=True)
            self._threads.append(thread)
            thread.start()
        return self._known[model]

    def close(self) -> None:
        for thread in self._threads:
            thread.join()

    def _find(self, model: str) -> None:
        self._looked.emit(model, self._look(model))

    def _take(self, model: str, size: int) -> None:
        self._known[model] = size
        self.changed.emit()
