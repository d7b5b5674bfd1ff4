"""What a model thought before it answered: folded to one line, opened by a click."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.window.buttons import word_button
from app.window.transcript.formats import Formats
from app.window.transcript.text_view import TextView


class ThinkingView(QWidget):
    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._formats = formats
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 4)
        self._column.setSpacing(4)
        self._fold = word_button("", self.tr("Show or hide what the model thought"), self)
        self._fold.setCheckable(True)
        self._fold.flush = True
        self._fold.toggled.connect(self._show_text)
        self._text: TextView | None = None
        self._thought = ""
        self._column.addWidget(self._fold)
        self.hide()

    def show_thought(self, text: str, *, going_on: bool) -> None:
        self.setVisible(bool(text) or going_on)
        count = len(text.split())
        words = self.tr("Thinking") if going_on else self.tr("Thought in {n} words").format(n=count)
        self._fold.say(f"{words} {'▾' if self._fold.isChecked() else '▸'}")
        self._thought = text
        if self._text is not None and self._fold.isChecked():
            self._text.say(text)

    def _show_text(self, shown: bool) -> None:
        """Made when it is first opened, which it mostly never is."""
        if self._text is None:
            self._text = TextView(self._formats, self)
            self._column.addWidget(self._text)
            self.dress(self._formats)
        self._text.say(self._thought if shown else "")
        self._text.setVisible(shown)
        self._fold.say(self._fold.text()[:-1] + ("▾" if shown else "▸"))

    def dress(self, formats: Formats) -> None:
        self._formats = formats
        if self._text is not None:
            self._text.setStyleSheet(
                f"QTextBrowser {{ color: {formats.colours.secondary.name()}; background: transparent; }}"
            )
