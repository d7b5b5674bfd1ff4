"""Requests that the demonstration was made for, to be asked with one press."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from app.window import theme

_WIDTH = 400


class Requests(QWidget):
    asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.buttons = [RequestButton(text, self) for text in self._texts()]
        widest = max(button.sizeHint().width() for button in self.buttons)
        for button in self.buttons:
            button.setMaximumWidth(widest)
            button.clicked.connect(lambda _=False, button=button: self.asked.emit(button.text()))
            column.addWidget(button)

    def _texts(self) -> tuple[str, ...]:
        """In English whatever the interface speaks: the demonstration knows no other language."""
        return (
            "I want to book a table for two at a restaurant tonight.",
            "What will the weather be like in San Francisco tomorrow?",
            "Please find me a flight from Los Angeles to Chicago.",
        )

    def take_focus(self) -> None:
        self.buttons[0].setFocus(Qt.FocusReason.OtherFocusReason)


class RequestButton(QAbstractButton):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        metrics = QFontMetrics(theme.body())
        return QSize(max(_WIDTH, metrics.horizontalAdvance(self.text()) + 32), metrics.height() + 2 * theme.GRID)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.accent if self.hasFocus() else colours.line)
        painter.setBrush(colours.hover if self.isDown() else colours.fill if self.underMouse() else colours.window)
        painter.drawRoundedRect(theme.framed(self.rect()), theme.RADIUS, theme.RADIUS)
        painter.setPen(colours.text)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # it is English
        words = QFontMetrics(self.font()).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 24)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
