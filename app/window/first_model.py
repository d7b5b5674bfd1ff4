"""The one model that suits this machine, offered where nothing was asked yet: what it is and takes, and how it comes.

Shows what it is given and does what that says; knows neither the list of models nor the network.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.window import theme
from app.window.models_page.row import Content, Row


class FirstModel(QWidget):
    """A quiet card round one row of the window of models; hidden while there is nothing to offer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: Row | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * theme.GRID, 4, 2 * theme.GRID, 4)
        self.hide()

    @property
    def is_offered(self) -> bool:
        return self.row is not None

    def offer(self, content: Content | None) -> None:
        if content is None:
            if self.row is not None:
                self.row.deleteLater()
                self.row = None
        elif self.row is None:
            self.row = Row(content, self, alone=True)
            self._column.addWidget(self.row)
        else:
            self.row.show_content(content)
        self.fit()

    def fit(self) -> None:
        """As high as its words take in this width: a layout asks nobody for that inside one that centres."""
        if self.row is not None and (inner := self.row.layout()) is not None:
            inner.activate()  # else what it took before would count
        self._column.activate()
        self.setFixedHeight(max(1, self._column.totalHeightForWidth(self.width())))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colours().fill)
        painter.drawRoundedRect(self.rect(), theme.RADIUS, theme.RADIUS)
        painter.end()
