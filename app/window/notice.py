"""One sentence over the composer, with a button that does something about it. Goes by itself or by its cross."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.window import theme
from app.window.buttons import quiet_button, word_button

SECONDS = 8


class Notice(QFrame):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumWidth(theme.measure() + 2 * theme.GRID)
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._button = word_button("", self.tr("Undo"), self)
        self._button.clicked.connect(self._act)
        close = quiet_button("close", self.tr("Dismiss"), self)
        close.clicked.connect(self.end)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 4, 6, 4)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        row.addWidget(close)
        self._does: Callable[[], None] | None = None
        self._ends: Callable[[], None] | None = None
        self._time = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._time.timeout.connect(self.end)
        self.hide()

    def tell(
        self,
        sentence: str,
        button: str = "",
        does: Callable[[], None] | None = None,
        ends: Callable[[], None] | None = None,
        *,
        stays: bool = False,
    ) -> None:
        """does: when the button is pressed. ends: when it goes without that. The one before it ends."""
        self.end()
        self._does, self._ends = does, ends
        self._words.setText(sentence)
        self._words.setAccessibleName(sentence)
        self._button.setVisible(bool(button))
        self._button.say(button)
        self._button.setAccessibleName(button)
        self.show()
        if not stays:
            self._time.start()

    def end(self) -> None:
        self._time.stop()
        self.hide()
        ends, self._does, self._ends = self._ends, None, None
        if ends is not None:
            ends()

    def take_back(self, sentence: str) -> None:
        """What it was about has gone: it ends if that is what it says."""
        if not self.isHidden() and self._words.text() == sentence:
            self.end()

    def _act(self) -> None:
        does, self._ends = self._does, None
        self.end()
        if does is not None:
            does()

    def press(self) -> None:
        """The button, from a shortcut."""
        if not self.isHidden() and self._does is not None:
            self._act()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.fill)
        painter.drawRoundedRect(theme.framed(self.rect()), theme.RADIUS, theme.RADIUS)
        painter.end()
