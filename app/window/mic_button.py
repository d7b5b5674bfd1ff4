"""The button that dictates into the field beside it: quiet, and while it listens with a ring as loud as the person."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.window import theme
from app.window.buttons import QuietButton
from app.window.icons import icon, side


class MicButton(QuietButton):
    def __init__(self, parent: QWidget) -> None:
        super().__init__("mic", self.tr("Dictate"), parent)
        self._listening = False
        self._level = 0.0

    def show_listening(self, *, listening: bool, level: float = 0.0) -> None:
        if listening is not self._listening:
            self._listening = listening
            self.change("mic", self.tr("Stop Dictating") if listening else self.tr("Dictate"))
        self._level = level if listening else 0.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        if not self._listening:
            super().paintEvent(event)
            return
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mixed(colours.window, colours.accent, 0.16 + 0.2 * self._level))
        middle = QPointF(self.rect().center()) + QPointF(0.5, 0.5)
        radius = min(self.width(), self.height()) / 2 - 4 + 4 * self._level
        painter.drawEllipse(middle, radius, radius)
        mark = QColor(colours.accent)
        area = self.rect()
        area.setSize(self.iconSize())
        area.moveCenter(self.rect().center())
        icon("mic", mark).paint(painter, area)
        if self.hasFocus():
            painter.setPen(colours.accent)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(middle, side() / 2 + 4, side() / 2 + 4)
        painter.end()
