"""The settings while the app runs: who changes them, and a signal for who lives by them. No widgets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app import settings
from app.settings import TEXT_SIZES
from engine.errors import KnownError


class Preferences(QObject):
    """changed: what was set holds from now on. refused: it could not be written, and nothing changed."""

    changed = Signal()
    refused = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = settings.load()

    def set(self, **values: Any) -> None:
        """By the names of Settings' fields. Written at once; what another process wrote meanwhile stays."""
        try:
            settings.save(replace(settings.load(), **values))
        except KnownError as error:
            self.refused.emit(error)
        self.read()

    def read(self) -> None:
        """Another process, or another window, may have written."""
        found = settings.load()
        if found != self.now:
            self.now = found
            self.changed.emit()

    def step_text(self, step: int) -> None:
        """One size larger or smaller; 0: the system's own."""
        now = self.now.text_size
        further = [size for size in TEXT_SIZES if (size - now) * step > 0]
        if step == 0:
            self.set(text_size=100)
        elif further:
            self.set(text_size=min(further) if step > 0 else max(further))

    @property
    def memory(self) -> int | None:
        """As a request takes it."""
        return self.now.memory or None
