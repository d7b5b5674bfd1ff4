"""What stands where nothing was said yet: who will answer, and honest words when that is only a demonstration."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window import theme
from engine.models.folders import BUILTIN


class EmptyPage(QWidget):
    """model_wanted: the person wants to choose a model."""

    model_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._head = QLabel(self.tr("What would you like to know?"), self)
        font = QFont(theme.body())
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(QFont.Weight.DemiBold)
        self._head.setFont(font)
        self._about = QLabel(self)
        self._about.setWordWrap(True)
        self._about.setFixedWidth(420)
        self._choose = QPushButton(self.tr("Choose a Model…"), self)
        self._choose.clicked.connect(self.model_wanted)
        column = QVBoxLayout(self)
        column.setSpacing(theme.GRID)
        column.addStretch(4)
        for widget in (self._head, self._about, self._choose):
            if isinstance(widget, QLabel):
                widget.setAlignment(Qt.AlignmentFlag.AlignCenter)
            row = QHBoxLayout()
            row.addStretch()
            row.addWidget(widget)
            row.addStretch()
            column.addLayout(row)
        column.addStretch(5)

    def show_model(self, model: str, name: str, *, ready: bool) -> None:
        demonstration = model == BUILTIN
        if demonstration and ready:
            words = self.tr(
                "No model is installed yet. The demonstration shows how Cadre picks experts; "
                "do not trust a word it writes."
            )
        elif demonstration:
            words = self.tr("Looking for models…")
        else:
            words = self.tr("{name} answers, with only the experts your question needs.").format(name=name)
        self._about.setText(words)
        self._choose.setVisible(demonstration and ready)
