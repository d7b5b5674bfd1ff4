"""Why a message has no answer, or only a part of one. Tells what is wanted by a signal."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from app.store.rows import Json
from app.window.transcript.formats import Formats


class FailureView(QWidget):
    """Why there is no answer, and a button where asking again may help."""

    again = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._said = QLabel(self)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self._said.setWordWrap(True)
        self.retry = QPushButton(self.tr("Try Again"), self)
        self.retry.clicked.connect(self.again)
        column.addWidget(self._said)
        column.addWidget(self.retry, 0, Qt.AlignmentFlag.AlignLeft)

    def say(self, failure: Json) -> None:
        self._said.setText(f"{failure['sentence']} {failure['next_step']}")

    def said(self) -> str:
        return self._said.text()

    def dress(self, formats: Formats) -> None:
        self._said.setStyleSheet(f"color: {formats.colours.red.name()}")
