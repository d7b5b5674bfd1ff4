"""The round button of the composer: sends, and while an answer is written stops it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.window import theme
from app.window.buttons import high
from app.window.icons import icon


class SendButton(QAbstractButton):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(high(), high())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._stop = False
        self.show_state(stop=False, enabled=False)

    def show_state(self, *, stop: bool, enabled: bool) -> None:
        self._stop = stop
        words = self.tr("Stop") if stop else self.tr("Send")
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setEnabled(enabled)
        self.update()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.setFixedSize(high(), high())  # the text may be of another size now

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = colours.text if self._stop else colours.accent
        if not self.isEnabled():
            ground = theme.mixed(colours.window, colours.text, 0.18)
        if self.isDown():
            ground = theme.mixed(ground, colours.window, 0.2)
        painter.setBrush(ground)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(self.rect())
        sign = colours.window if self._stop or not self.isEnabled() else QColor("white")
        icon("stop" if self._stop else "send", sign).paint(painter, self.rect())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(colours.text)
            painter.drawEllipse(self.rect().adjusted(2, 2, -2, -2))
        painter.end()
