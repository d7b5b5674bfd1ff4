"""The monitor as one line under the composer, until someone wants more of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.numbers import size
from app.record import percent
from app.view import View
from app.window import theme, words


class Strip(QAbstractButton):
    """A press opens the monitor."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTip(self.tr("Open the monitor"))
        self.setFixedHeight(QFontMetrics(theme.small()).height() + 10)
        self.say("")

    def show_answer(self, view: View) -> None:
        parts = [words.stage(view)] if view.record is None else []
        if view.experts is not None and view.resident:
            parts.append(words.tr("{n} of {all} experts per layer").format(n=view.resident, all=view.experts.count))
        if view.coverage:
            parts.append(percent(sum(view.coverage) / len(view.coverage)))
        if speed := words.speed(view):
            parts.append(speed)
        if view.memory is not None:
            parts.append(size(view.memory.peak))
        self.say(" · ".join(parts))

    def say(self, text: str) -> None:
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if text else Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(text or self.tr("Open the monitor"))
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setFont(theme.small())
        painter.setPen(colours.text if self.underMouse() or self.hasFocus() else colours.secondary)
        shown = QFontMetrics(theme.small()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 16)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, shown)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(colours.accent)
            half = QFontMetrics(theme.small()).horizontalAdvance(shown) // 2 + theme.GRID
            middle = self.rect().center().x()
            ring = QRect(self.rect()).adjusted(middle - half, 2, middle + half - self.width() + 1, -2)
            painter.drawRoundedRect(theme.framed(ring), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.end()
