"""Writes formulas into a text document: as drawings, or as their source as long as there is no drawing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QTextCharFormat, QTextCursor, QTextDocument

from app.markdown.blocks import Formula, Run
from app.window.transcript.formats import Formats
from app.window.transcript.formula_object import OBJECT, format_of
from app.window.transcript.typesetter import Drawing, Pending

_BREAK = "\u2028"
Swap = tuple[int, int, Formula | None]
"""Where a drawing stands now, how much shorter it is than its source, and the block that it fills."""


@dataclass
class Waiting:
    """A source, selected, whose drawing is being made. look: that of the text around it."""

    cursor: QTextCursor
    run: Run
    look: QTextCharFormat
    alone: Formula | None


class FormulaWriter:
    def __init__(self, document: QTextDocument, formats: Formats) -> None:
        self._document = document
        self._formats = formats
        self._waiting: list[Waiting] = []

    def write(self, cursor: QTextCursor, run: Run, look: QTextCharFormat, alone: Formula | None = None) -> bool:
        """Whether as a drawing. A run without a formula has no end yet."""
        setter = self._formats.typesetter
        drawing = setter.drawing(run.formula, display=run.display) if setter and run.formula else None
        if isinstance(drawing, Drawing):
            cursor.insertText(OBJECT, format_of(drawing, run.text, look, alone=alone is not None))
            return True
        begin = cursor.position()
        cursor.insertText(run.text.replace("\n", _BREAK), self._formats.formula_source)
        if drawing is Pending.PENDING:
            self._waiting.append(Waiting(self._selected(begin, cursor.position()), run, look, alone))
        return False

    def draw_ready(self) -> list[Swap]:
        """What was drawn, in reading order; each position counts those before it."""
        setter, waiting = self._formats.typesetter, self._waiting
        self._waiting, swaps = [], []
        for one in waiting if setter is not None else ():
            if one.cursor.selectedText() != one.run.text.replace("\n", _BREAK):
                continue  # written anew since
            drawing = setter.drawing(one.run.formula, display=one.run.display) if setter else None
            if drawing is Pending.PENDING:
                self._waiting.append(one)
            elif isinstance(drawing, Drawing):
                begin, end = one.cursor.selectionStart(), one.cursor.selectionEnd()
                look = format_of(drawing, one.run.text, one.look, alone=one.alone is not None)
                one.cursor.insertText(OBJECT, look)
                swaps.append((begin, end - begin - 1, one.alone))
        return swaps

    def _selected(self, begin: int, end: int) -> QTextCursor:
        """What is written behind it later stays outside."""
        cursor = QTextCursor(self._document)
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.setKeepPositionOnInsert(True)
        return cursor
