"""Which models can be asked. Looks for them on a thread of its own, since it reads every model's headers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from engine.models.catalogue import InstalledModel, installed
from engine.models.folders import BUILTIN

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """asked_as: what the engine is given. problem: why it cannot be asked, "" when it can."""

    asked_as: str
    name: str
    bytes: int = 0
    problem: str = ""


class Models(QObject):
    """changed: the list, or which one is asked by default."""

    changed = Signal()
    _looked = Signal(list)

    def __init__(
        self, chosen: str = "", look: Callable[[], list[InstalledModel]] = installed, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._chosen = chosen
        self._found: list[Choice] = []
        self.installed: list[InstalledModel] = []
        self._thread: threading.Thread | None = None
        self.ready = self._closed = self._looking = self._again = False
        self._looked.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def refresh(self) -> None:
        """Look again; `changed` tells when it is done. What changes while it looks is looked at again."""
        self._again = self._looking
        if not self._looking:
            self._looking = True
            self._thread = threading.Thread(target=self._search, name="cadre-models", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Waits for the thread; what it found is told to nobody any more."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def choices(self) -> list[Choice]:
        """What can be asked, real models first, the demonstration last; a folder given by hand is among them."""
        found = [choice for choice in self._found if choice.asked_as != BUILTIN]
        if self._chosen and self._chosen not in {BUILTIN, *(choice.asked_as for choice in found)}:
            found.insert(0, Choice(self._chosen, Path(self._chosen).name))
        return [*found, Choice(BUILTIN, self.tr("Demonstration"))]

    @property
    def default(self) -> str:
        """What was chosen last, if it is there; else the first that works; else the demonstration."""
        usable = [choice.asked_as for choice in self.choices() if not choice.problem]
        return self._chosen if self._chosen in usable else usable[0]

    def choose(self, model: str) -> None:
        self._chosen = model
        self.changed.emit()

    def name(self, model: str) -> str:
        """Without who published it."""
        named = next((choice.name for choice in self.choices() if choice.asked_as == model), model)
        return named.rpartition("/")[2]

    def _search(self) -> None:
        try:
            found = self._look()
        except Exception:
            log.exception("looking for models failed")
            found = []
        self._looked.emit(found)

    def _take(self, found: list[InstalledModel]) -> None:
        if self._closed:
            return
        self.installed = found
        self._found = [Choice(_asked_as(model), model.name, model.bytes, model.unasked) for model in found]
        self.ready = True
        self._looking = False
        self.changed.emit()
        if self._again:
            self.refresh()


def _asked_as(model: InstalledModel) -> str:
    """By path: two places may hold models of one name."""
    return BUILTIN if model.name == BUILTIN else str(model.path)
