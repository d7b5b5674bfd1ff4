"""What the pill shows now, and for how long it stays. Knows neither sound nor texts. Interface thread."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.dictation.shown import Shown, Stage

_STAYS_MS = {
    Stage.INSERTED: 1400,
    Stage.CANCELLED: 900,
    Stage.NOTHING: 3000,
    Stage.COPIED: 5000,
    Stage.OFFERED: 12_000,
    Stage.DENIED: 12_000,
    Stage.FAILED: 12_000,
}


class Showing(QObject):
    """changed: `now` is another."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.now = Shown()
        self._fade = QTimer(self, singleShot=True)
        self._fade.timeout.connect(self.hide)

    @property
    def stage(self) -> Stage:
        return self.now.stage

    def show(self, shown: Shown) -> None:
        if shown == self.now:
            return
        if shown.stage is not self.now.stage:
            self._fade.stop()
            if (stays := _STAYS_MS.get(shown.stage)) is not None:
                self._fade.start(stays)
        self.now = shown
        self.changed.emit()

    def hide(self) -> None:
        if not self.stage.is_busy:
            self.show(Shown())

    def stop(self) -> None:
        """It stays as it is."""
        self._fade.stop()
