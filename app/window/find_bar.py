"""Find in the chat that is shown: marks every hit, walks from one to the next."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTextEdit, QWidget

from app.window import theme
from app.window.buttons import quiet_button
from app.window.search_field import SearchField
from app.window.transcript.text_view import TextView
from app.window.transcript.transcript import Transcript

_LEAST = 2
"""Letters from which it looks."""


@dataclass(frozen=True)
class Hit:
    view: TextView
    cursor: QTextCursor


class FindBar(QWidget):
    closed = Signal()

    def __init__(self, transcript: Transcript, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._transcript = transcript
        self._hits: list[Hit] = []
        self._at = 0
        self._field = SearchField(self)
        self._field.setPlaceholderText(self.tr("Find in this chat"))
        self._field.setAccessibleName(self.tr("Find in this chat"))
        self._count = QLabel(self)
        self._count.setFont(theme.small())
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * theme.GRID, 4, theme.GRID, 4)
        row.addWidget(self._field, 1)
        row.addWidget(self._count)
        for name, words, act in (
            ("left", self.tr("Previous"), self.previous),
            ("right", self.tr("Next"), self.next),
            ("close", self.tr("Close"), self.close_bar),
        ):
            button = quiet_button(name, words, self)
            button.clicked.connect(act)
            row.addWidget(button)
        self._field.textChanged.connect(self.look)
        self.hide()

    def open_bar(self) -> None:
        self.show()
        self._field.setFocus()
        self._field.selectAll()
        self.look(self._field.text())

    def close_bar(self) -> None:
        self.look("")
        self.hide()
        self.closed.emit()

    def look(self, text: str) -> None:
        """Every hit, the last one first at hand: in a chat one looks backwards."""
        self._gather(text)
        self._at = max(0, len(self._hits) - 1)
        self._show()

    def renew(self) -> None:
        """Other messages are shown, or more of them: the marks are theirs now, and nothing moves."""
        if self.isVisible():
            self._gather(self._field.text())
            self._at = max(0, min(self._at, len(self._hits) - 1))
            self._count_and_mark()

    def _gather(self, text: str) -> None:
        self._unmark()
        self._hits = []
        if len(text) >= _LEAST:
            for message in self._transcript.views():
                for view in message.texts():
                    self._hits += _hits(view, text)

    def next(self) -> None:
        self._step(1)

    def previous(self) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        if self._hits:
            self._at = (self._at + step) % len(self._hits)
            self._show()

    def _count_and_mark(self) -> None:
        found = len(self._hits)
        words = self.tr("{n} of {all}").format(n=self._at + 1, all=found) if found else self.tr("Nothing found")
        self._count.setText(words if len(self._field.text()) >= _LEAST else "")
        self._mark()

    def _show(self) -> None:
        self._count_and_mark()
        if self._hits:
            hit = self._hits[self._at]
            place = hit.view.mapTo(self._transcript.page, hit.view.cursorRect(hit.cursor).center())
            self._transcript.ensureVisible(place.x(), place.y(), 0, self._transcript.height() // 3)

    # --- marks --------------------------------------------------------------------------------------------

    def _mark(self) -> None:
        colours = theme.colours()
        by_view: dict[TextView, list[QTextEdit.ExtraSelection]] = {}
        for number, hit in enumerate(self._hits):
            share = 0.75 if number == self._at else 0.3
            mark = QTextEdit.ExtraSelection()
            mark.cursor = hit.cursor
            mark.format = _marked(theme.mixed(colours.window, QColor("#ffcc00"), share), colours)
            by_view.setdefault(hit.view, []).append(mark)
        for view, marks in by_view.items():
            view.setExtraSelections(marks)

    def _unmark(self) -> None:
        for hit in self._hits:
            hit.view.setExtraSelections([])

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._step(-1 if shifted else 1)
        else:
            super().keyPressEvent(event)


def _marked(ground: QColor, colours: theme.Colours) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setBackground(ground)
    look.setForeground(QColor("black") if ground.lightnessF() > 0.45 else colours.text)
    return look


def _hits(view: TextView, text: str) -> list[Hit]:
    found = []
    cursor = view.document().find(text, 0)
    while not cursor.isNull():
        found.append(Hit(view, cursor))
        cursor = view.document().find(text, cursor)
    return found
