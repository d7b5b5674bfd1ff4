"""A panel at the window's side that slides in and out and takes no room when it is out."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, QPropertyAnimation, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.window import motion, theme

_MS = 180


class SidePanel(QWidget):
    """content keeps its full width while the panel slides; the edge is a hairline towards the middle."""

    def __init__(self, content: QWidget, width: int, edge: Qt.Edge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._content = content
        self._full = width
        self._edge = edge
        content.setParent(self)
        self.setFixedWidth(width)
        self._slide = QPropertyAnimation(self, b"maximumWidth", self)
        self._slide.setDuration(_MS)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(lambda value: self.setMinimumWidth(int(value)))
        self._slide.finished.connect(self._settle)
        self._open = True

    @property
    def is_open(self) -> bool:
        return self._open

    def set_open(self, opened: bool, *, animated: bool = True) -> None:
        if opened == self._open:
            return
        self._open = opened
        self.show()
        self._slide.stop()
        if animated and not motion.is_reduced() and self.isVisible():
            self._slide.setStartValue(self.width())
            self._slide.setEndValue(self._full if opened else 0)
            self._slide.start()
        else:
            self._settle()

    def _settle(self) -> None:
        self.setFixedWidth(self._full if self._open else 0)
        self.setVisible(self._open)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        line = 1 if self._edge is Qt.Edge.LeftEdge else 0
        left = self.width() - self._full if self._edge is Qt.Edge.RightEdge else 0
        self._content.setGeometry(left + line, 0, self._full - 1, self.height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        x = 0 if self._edge is Qt.Edge.LeftEdge else self.width() - 1
        painter = QPainter(self)
        painter.fillRect(x, 0, 1, self.height(), theme.colours().line)
        painter.end()
