"""Writes Markdown blocks into a text document, at its end. What can no longer change is never touched again.

Code is coloured line by line as it streams, from a little before the new lines, and once whole when it is finished.
Where much comes at once, as when a chat is opened, code is coloured later, a block at a time: that moves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrame,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from app.markdown.blocks import Align, Block, Code, Formula, Heading, Paragraph, Rule, Run, Runs, Table
from app.window.direction import reads_right_to_left
from app.window.transcript.formats import INDENT, MIRRORED_GAP, SPACING, Formats
from app.window.transcript.formula_object import units
from app.window.transcript.formula_writer import FormulaWriter

_ALIGN = {
    Align.LEFT: Qt.AlignmentFlag.AlignLeft,
    Align.CENTER: Qt.AlignmentFlag.AlignHCenter,
    Align.RIGHT: Qt.AlignmentFlag.AlignRight,
}


_LINES_AT_ONCE = 60
"""Of code coloured in one go."""


@dataclass
class CodeFrame:
    """Where code stands in the document, for what is painted and put over it."""

    code: Code
    frame: QTextFrame


class Writer:
    """`replace(keep, blocks)`: the first `keep` blocks stay, these follow."""

    def __init__(self, document: QTextDocument, formats: Formats) -> None:
        self._document = document
        self._formats = formats
        self._blocks: list[Block] = []
        self._starts: list[int] = []
        self._last_shapes: list[QTextBlockFormat] = []
        self._formulas = FormulaWriter(document, formats)
        self._colourless: list[int] = []
        self._room = _LINES_AT_ONCE
        self.codes: dict[int, CodeFrame] = {}

    def clear(self, formats: Formats) -> None:
        self._formats = formats
        self._blocks, self._starts, self._last_shapes, self.codes = [], [], [], {}
        self._formulas = FormulaWriter(self._document, formats)
        self._colourless = []
        self._document.clear()

    def replace(self, keep: int, blocks: tuple[Block, ...]) -> None:
        same, self._room = keep, _LINES_AT_ONCE
        for block in blocks:
            if same >= len(self._blocks) or self._blocks[same] != block:
                break
            same += 1
        new = list(blocks[same - keep :])
        if new and self._grown(same, new[0]):
            same, new = same + 1, new[1:]
        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()
        self._cut(cursor, same)
        for block in new:
            self._append(cursor, block)
        cursor.endEditBlock()

    # --- at the end ---------------------------------------------------------------------------------------

    def _cut(self, cursor: QTextCursor, keep: int) -> None:
        if keep >= len(self._blocks):
            return
        cursor.setPosition(self._starts[keep])
        cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        if keep:
            cursor.setBlockFormat(self._last_shapes[keep - 1])  # Qt gives an empty block the shape of what was removed
        for number in range(keep, len(self._blocks)):
            self.codes.pop(number, None)
        del self._blocks[keep:], self._starts[keep:], self._last_shapes[keep:]

    def _append(self, cursor: QTextCursor, block: Block) -> None:
        first = not self._blocks
        before = self._blocks[-1] if self._blocks else None
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._starts.append(cursor.position())
        self._blocks.append(block)
        if first and isinstance(block, Code | Table):
            self._flatten(cursor)
        if isinstance(block, Code):
            self._code(cursor, block)
        elif isinstance(block, Table):
            self._table(cursor, block)
        else:
            if not first:
                cursor.insertBlock()
            self._line(cursor, block, first=first, after_item=_in_one_list(before, block))
        self._last_shapes.append(cursor.blockFormat())

    def _line(
        self, cursor: QTextCursor, block: Paragraph | Heading | Formula | Rule, *, first: bool, after_item: bool
    ) -> None:
        formats = self._formats
        if isinstance(block, Rule):
            cursor.setBlockFormat(formats.rule())
            cursor.setBlockCharFormat(formats.text)
        elif isinstance(block, Formula):
            self._alone(cursor, block, first=first)
        elif isinstance(block, Heading):
            mirrored = _is_mirrored(block.runs)
            cursor.setBlockFormat(formats.title(block.place, block.level, first=first, mirrored=mirrored))
            self._runs(cursor, block.runs, formats.heading(block.level))
        else:
            mirrored = _is_mirrored(block.runs)
            shape = formats.paragraph(block.place, first=first, after_item=after_item, mirrored=mirrored)
            cursor.setBlockFormat(shape)
            if block.place.marker:
                self._marker(cursor, block.place.marker, MIRRORED_GAP if mirrored else "\t")
            self._runs(cursor, block.runs, formats.text)

    def _marker(self, cursor: QTextCursor, marker: str, gap: str) -> None:
        """The item's number or dot hangs before its text, which a tab brings to the indent."""
        look = QTextCharFormat(self._formats.text)
        look.setForeground(self._formats.colours.secondary)
        cursor.insertText(marker + gap, look)

    def _runs(self, cursor: QTextCursor, runs: Runs, base: QTextCharFormat) -> None:
        cursor.setBlockCharFormat(base)
        for run in runs:
            if run.formula:
                self._formulas.write(cursor, run, self._formats.of(replace(run, link=""), base))
            else:
                cursor.insertText(run.text, self._formats.of(run, base))

    # --- formulas -----------------------------------------------------------------------------------------

    def _alone(self, cursor: QTextCursor, block: Formula, *, first: bool) -> None:
        formats = self._formats
        cursor.setBlockFormat(formats.formula_line(block.place, first=first, drawn=False))
        cursor.setBlockCharFormat(formats.text)
        run = Run(block.source, formula=block.text if block.closed else "", display=True)
        if self._formulas.write(cursor, run, formats.text, block):
            cursor.setBlockFormat(formats.formula_line(block.place, first=first, drawn=True))

    def draw_ready(self) -> bool:
        """Puts drawings where sources waited for them; whether there were any. What stands behind them moves."""
        swaps = self._formulas.draw_ready()
        for at, shorter, alone in swaps:
            self._starts = [start - shorter if start > at else start for start in self._starts]
            if alone is not None:
                self._reshape(at, alone)
        return bool(swaps)

    def _reshape(self, at: int, block: Formula) -> None:
        shape = self._formats.formula_line(block.place, first=at == 0, drawn=True)
        cursor = QTextCursor(self._document)
        cursor.setPosition(at)
        cursor.setBlockFormat(shape)
        self._last_shapes[bisect_right(self._starts, at + 1) - 1] = shape

    # --- code ---------------------------------------------------------------------------------------------

    def _code(self, cursor: QTextCursor, code: Code) -> None:
        shape = QTextFrameFormat()
        shape.setPadding(SPACING)
        shape.setTopMargin((SPACING if len(self._blocks) > 1 else 0) + self._formats.code_header)
        shape.setBottomMargin(2)
        shape.setLeftMargin(code.place.indent * INDENT)
        frame = cursor.insertFrame(shape)
        inside = frame.firstCursorPosition()
        inside.setBlockFormat(self._formats.code_line())
        inside.setBlockCharFormat(self._formats.code)
        self._room -= code.text.count("\n") + 1
        if self._room >= 0:
            self._coloured(inside, code.text, code.language)
        else:
            self._lines(inside, code.text, self._formats.code)
            self._colourless.append(len(self._blocks) - 1)
        self.codes[len(self._blocks) - 1] = CodeFrame(code, frame)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._flatten(cursor)

    def _grown(self, number: int, block: Block) -> bool:
        """Whether this code block only got longer, and now stands there."""
        shown = self.codes.get(number)
        if shown is None or not isinstance(block, Code) or len(self._blocks) != number + 1:
            return False
        before = shown.code
        if before.language != block.language or before.place != block.place or not block.text.startswith(before.text):
            return False
        kept = _last_whole_lines(before.text)
        if block.closed:
            kept = ""
        inside = shown.frame.firstCursorPosition()
        inside.setPosition(inside.position() + units(kept))
        inside.setPosition(shown.frame.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        inside.removeSelectedText()
        inside.setBlockFormat(self._formats.code_line())
        self._coloured(inside, block.text[len(kept) :], block.language)
        shown.code = block
        self._blocks[number] = block
        return True

    def _coloured(self, cursor: QTextCursor, code: str, language: str) -> None:
        from app.window.transcript.highlight import pieces

        formats = self._formats
        for piece in pieces(code, language, dark=formats.colours.dark):
            colour = QColor(piece.colour) if piece.colour else None
            look = formats.coloured_code(colour, italic=piece.italic) if colour else formats.code
            self._lines(cursor, piece.text, look)

    def _lines(self, cursor: QTextCursor, text: str, look: QTextCharFormat) -> None:
        lines = text.split("\n")
        cursor.insertText(lines[0], look)
        for line in lines[1:]:
            cursor.insertBlock(self._formats.code_line(), self._formats.code)
            cursor.insertText(line, look)

    def colour_next(self) -> bool:
        """One block of code that has no colours yet; whether more are left."""
        from app.window.transcript.highlight import pieces

        while self._colourless:
            shown = self.codes.get(self._colourless.pop())  # the end of a chat is seen first
            if shown is None:
                continue
            cursor = QTextCursor(self._document)
            cursor.beginEditBlock()
            at = shown.frame.firstPosition()
            for piece in pieces(shown.code.text, shown.code.language, dark=self._formats.colours.dark):
                if piece.colour:
                    cursor.setPosition(at)
                    cursor.setPosition(at + units(piece.text), QTextCursor.MoveMode.KeepAnchor)
                    look = self._formats.coloured_code(QColor(piece.colour), italic=piece.italic)
                    cursor.setCharFormat(look)
                at += units(piece.text)
            cursor.endEditBlock()
            break
        return bool(self._colourless)

    @property
    def is_coloured(self) -> bool:
        return not self._colourless

    def _flatten(self, cursor: QTextCursor) -> None:
        """Qt wants a block after a frame or table; it takes no room unless something is written there."""
        block = cursor.blockFormat()
        block.setLineHeight(0, block.LineHeightTypes.FixedHeight.value)
        block.setTopMargin(0)
        cursor.setBlockFormat(block)

    # --- tables -------------------------------------------------------------------------------------------

    def _table(self, cursor: QTextCursor, table: Table) -> None:
        columns = max((len(row) for row in table.rows), default=1)
        grid = cursor.insertTable(max(1, len(table.rows)), columns, self._table_format(table, columns))
        head = QTextCharFormat(self._formats.text)
        head.setFontWeight(600)
        for row, cells in enumerate(table.rows):
            for column, runs in enumerate(cells):
                inside = grid.cellAt(row, column).firstCursorPosition()
                shape = inside.blockFormat()
                shape.setAlignment(_ALIGN[table.aligns[column]] if column < len(table.aligns) else _ALIGN[Align.LEFT])
                inside.setBlockFormat(shape)
                self._runs(inside, runs, head if row == 0 else self._formats.text)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self._flatten(cursor)

    def _table_format(self, table: Table, columns: int) -> QTextTableFormat:
        shape = QTextTableFormat()
        shape.setBorderCollapse(True)
        shape.setBorder(1)
        shape.setBorderBrush(self._formats.colours.line)
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        shape.setCellPadding(6)
        shape.setCellSpacing(0)
        shape.setTopMargin(SPACING if len(self._blocks) > 1 else 0)
        shape.setBottomMargin(2)
        shape.setLeftMargin(table.place.indent * INDENT)
        shape.setHeaderRowCount(1)
        shape.setColumnWidthConstraints([QTextLength()] * columns)
        return shape


def _in_one_list(before: Block | None, block: Block) -> bool:
    return bool(
        isinstance(before, Paragraph)
        and before.place.indent
        and block.place.indent
        and (block.place.marker or block.place.indent > before.place.indent)
    )


def _is_mirrored(runs: Runs) -> bool:
    return reads_right_to_left("".join(run.text for run in runs))


def _last_whole_lines(text: str) -> str:
    """Without the last lines, which are coloured again with what follows: a string may go on over a few."""
    lines = text.split("\n")
    kept = "\n".join(lines[:-12])
    return kept + "\n" if len(lines) > 12 else ""
