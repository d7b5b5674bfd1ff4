"""The row under the list that begins a new chat, with its key."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QStyle, QWidget

from app.window import theme
from app.window.icons import icon, side


class NewButton(QAbstractButton):
    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setAccessibleName(words)
        self.setFixedHeight(max(32, self.fontMetrics().height() + 12))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = self.rect().adjusted(theme.GRID, 1, -theme.GRID, -1)
        painter.setPen(colours.accent if self.hasFocus() else Qt.PenStyle.NoPen)
        if self.underMouse() or self.isDown():
            painter.setBrush(theme.mixed(colours.sidebar, colours.text, 0.11 if self.isDown() else 0.05))
        painter.drawRoundedRect(ground, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        place = ground.adjusted(8, 0, -10, 0)
        sign = QRect(place.left(), place.top(), side(), place.height())
        icon("plus", colours.secondary).paint(painter, QStyle.visualRect(self.layoutDirection(), place, sign))
        painter.setPen(colours.text)
        words = QStyle.visualRect(self.layoutDirection(), place, place.adjusted(side() + 6, 0, 0, 0))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setFont(theme.small())
        if self.fontMetrics().horizontalAdvance(self.text()) > place.width() // 2:
            return  # no room for the key
        painter.setPen(colours.secondary)
        keys = QKeySequence(QKeySequence.StandardKey.New).toString(QKeySequence.SequenceFormat.NativeText)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, keys)
