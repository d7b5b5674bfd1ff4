"""Puts an answer where the person was writing: copies it, gives the focus back, and has the keys for Paste pressed.

The answer stays on the clipboard: what was there before is not brought back behind the person's back, since nobody can
tell for sure when the other program has read it. Where Cadre may not press keys it only copies, and says so.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.desktop.parts import Parts

_LOOK_MS = 20
_LOOKS = 100
"""So for two seconds at most."""


class Inserting(QObject):
    """done: it was pasted. copied: it was only copied, and why."""

    done = Signal()
    copied = Signal(str)

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._looks = 0
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)

    def begin(self, text: str) -> bool:
        """Whether it will be pasted: then Cadre's window has to go."""
        QGuiApplication.clipboard().setText(text)
        if why_not := self._parts.keys.why_not:
            self.copied.emit(self.tr("Copied. {why}").format(why=why_not))
            return False
        self._looks = 0
        self._timer.start()
        return True

    def end(self) -> None:
        self._timer.stop()

    def _look(self) -> None:
        """Not before the other program is in front, and no key of the person's would change ours."""
        self._looks += 1
        if self._parts.front.is_back() and not self._parts.keys.held():
            self.end()
            self._parts.keys.paste()
            self.done.emit()
        elif self._looks >= _LOOKS:
            self.end()
            self.copied.emit(self.tr("Copied, not inserted: the other program did not come back to the front."))
