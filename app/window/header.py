"""The line over a chat: its title, what it is asked with, and the two panels' switches."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.window import theme
from app.window.buttons import quiet_button, word_button

HEIGHT = 44
_MODEL = 27
"""Letters of the model's name, so that larger text shows as many."""
_LEAST = 60
"""Pixels of it."""


class Header(QWidget):
    settings_wanted = Signal(object)
    sidebar_wanted = Signal()
    monitor_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.sidebar = quiet_button("sidebar", self.tr("Show or hide the list of chats"), self)
        self._title = QLabel(self)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setFont(theme.title())
        self._title.setMinimumWidth(40)
        self._text = self._name = ""
        self._model = word_button("", self.tr("What this chat is asked with"), self)
        self.monitor = quiet_button("monitor", self.tr("Show or hide the monitor"), self)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self.sidebar)
        row.addWidget(self._title, 1)
        row.addWidget(self._model)
        row.addWidget(self.monitor)
        self.sidebar.clicked.connect(self.sidebar_wanted)
        self.monitor.clicked.connect(self.monitor_wanted)
        self._model.clicked.connect(lambda: self.settings_wanted.emit(self._model))

    def show_chat(self, title: str, model: str) -> None:
        self._text, self._name = title, model
        self._elide()

    def open_settings(self) -> None:
        self._model.click()

    def _elide(self) -> None:
        """The model's name takes less than half of the line, the title what is left."""
        metrics = self._model.fontMetrics()
        most = min(_MODEL * metrics.averageCharWidth(), max(_LEAST, self.width() // 2 - 2 * HEIGHT))
        self._model.say(f"{metrics.elidedText(self._name, Qt.TextElideMode.ElideMiddle, most)}  ▾")
        self.layout().activate()  # type: ignore[union-attr]  # it has one
        room = self._title.width()
        self._title.setText(self._title.fontMetrics().elidedText(self._text, Qt.TextElideMode.ElideRight, room))
        self._title.setAccessibleName(self._text)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        self._elide()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self)
        painter.setPen(theme.colours().line)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        painter.end()
