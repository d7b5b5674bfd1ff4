"""The answer under the line: as high as it is, up to a limit; then it scrolls and follows its end."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.markdown.thinking import parted
from app.window import theme
from app.window.transcript.formats import Formats
from app.window.transcript.markdown_view import MarkdownView
from app.window.transcript.typesetter import Typesetter


class AnswerArea(QScrollArea):
    def __init__(self, typesetter: Typesetter, parent: QWidget) -> None:
        super().__init__(parent)
        self._typesetter = typesetter
        self._limit = 400
        self._following = True
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Answer"))
        self.viewport().setAutoFillBackground(False)
        inner = QWidget(self)
        self.text = MarkdownView(Formats(theme.colours(), typesetter), inner)
        self.text.setAccessibleName(self.tr("Cadre said"))
        self.text.height_changed.connect(self._fit)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, theme.GRID, 0)
        column.addWidget(self.text)
        column.addStretch(1)
        self.setWidget(inner)
        inner.setAutoFillBackground(False)  # setWidget turned it on
        bar = self.verticalScrollBar()
        bar.rangeChanged.connect(self._grown)
        bar.valueChanged.connect(self._scrolled)
        self._fit()

    def say(self, said: str) -> None:
        """All of it so far, as the model wrote it; thinking is left out."""
        self.text.say(parted(said).answer)
        self.setVisible(bool(self.text.markdown))

    def plain(self) -> str:
        return self.text.markdown

    def begin(self) -> None:
        self._following = True
        self.say("")

    def set_limit(self, pixels: int) -> None:
        self._limit = pixels
        self._fit()

    def _fit(self) -> None:
        self.setFixedHeight(max(1, min(self.text.height(), self._limit)))

    def _grown(self, _least: int, most: int) -> None:
        if self._following:
            self.verticalScrollBar().setValue(most)

    def _scrolled(self, value: int) -> None:
        self._following = value >= self.verticalScrollBar().maximum() - 4

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "text"):
            self.text.dress(Formats(theme.colours(), self._typesetter))
