"""A text in Markdown that may still grow; paints what a text document cannot: code's ground, rules, quotes' bars."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QMimeData, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QGuiApplication,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextFrame,
)
from PySide6.QtWidgets import QWidget

from app.markdown.stream import Stream
from app.window import theme
from app.window.buttons import QuietButton, quiet_button
from app.window.transcript.formats import QUOTE, RULE, SPACING, Formats
from app.window.transcript.formula_object import KIND, OBJECT, FormulaObject, with_sources
from app.window.transcript.reflow import Reflow
from app.window.transcript.text_view import TextView, told
from app.window.transcript.writer import CodeFrame, Writer


class MarkdownView(TextView):
    """`add` appends what came of a text; `say` shows another."""

    def __init__(self, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(formats, parent)
        self._stream = Stream()
        self._writer = Writer(self.document(), formats)
        self.document().documentLayout().registerHandler(KIND, FormulaObject(self))
        if formats.typesetter is not None:
            formats.typesetter.ready.connect(self._draw_formulas)
        self._colour = QTimer(self, singleShot=True, interval=0)
        self._colour.timeout.connect(self._colour_next)
        self._reflow = Reflow(self._lay_out, self)
        self._markdown = ""
        self._copies: dict[int, QuietButton] = {}
        self._areas: dict[int, QRectF] = {}

    @property
    def markdown(self) -> str:
        return self._markdown

    def say(self, text: str) -> None:
        if text.startswith(self._markdown):
            self.add(text[len(self._markdown) :])
        else:
            self.dress(self._formats, text)

    def add(self, text: str) -> None:
        if not text:
            return
        self._markdown += text
        keep = self._stream.fixed
        self._writer.replace(keep, self._stream.add(text))
        self._place_codes(keep)
        if not self._writer.is_coloured:
            self._colour.start()

    def _colour_next(self) -> None:
        if self._writer.colour_next():
            self._colour.start()

    def dress(self, formats: Formats, text: str | None = None) -> None:
        """Again, in another look."""
        self._formats = formats
        self.document().setDefaultFont(formats.body)
        source = self._markdown if text is None else text
        self._markdown, self._stream = "", Stream()
        self._writer.clear(formats)
        self.add(source)

    # --- formulas -----------------------------------------------------------------------------------------

    def _draw_formulas(self) -> None:
        if self._writer.draw_ready():
            self._place_codes(0)

    def createMimeDataFromSelection(self) -> QMimeData:  # noqa: N802 -- Qt's name
        """Formulas are copied as they were written."""
        cursor = self.textCursor()
        if OBJECT not in cursor.selectedText():
            return super().createMimeDataFromSelection()
        data = QMimeData()
        data.setText(with_sources(cursor))
        return data

    # --- code ---------------------------------------------------------------------------------------------

    def _place_codes(self, first: int) -> None:
        """From this block on: where code lies, and its button. What stands before does not move while text comes."""
        codes = self._writer.codes
        for number in [number for number in self._copies if number >= first and number not in codes]:
            self._copies.pop(number).deleteLater()
            del self._areas[number]
        for number in (number for number in codes if number >= first):
            area = self._areas[number] = self._area(codes[number])
            button = self._copies.get(number) or self._copy_button(number)
            self._copies[number] = button
            button.move(round(area.right() - button.width() - 4), round(area.top() + 4))

    def _copy_button(self, number: int) -> QuietButton:
        words = QCoreApplication.translate("Transcript", "Copy code")
        button = quiet_button("copy", words, self.viewport())
        button.setFixedSize(24, 24)
        button.clicked.connect(lambda: self._copy(number, button))
        button.show()
        return button

    def _copy(self, number: int, button: QuietButton) -> None:
        QGuiApplication.clipboard().setText(self._writer.codes[number].code.text)
        told(button)

    def _area(self, code: CodeFrame) -> QRectF:
        """What code takes with its header, which stands in the frame's upper margin."""
        shape = code.frame.frameFormat()
        above = shape.topMargin() - self._formats.code_header
        area = self.document().documentLayout().frameBoundingRect(code.frame)
        return area.adjusted(shape.leftMargin(), above, -shape.rightMargin(), -shape.bottomMargin())

    # --- painting -----------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        visible = QRectF(event.rect())
        for number, area in self._areas.items():
            if area.intersects(visible):
                self._paint_code(painter, area, self._writer.codes[number].code.language)
        self._paint_lines(painter, visible)
        painter.end()
        super().paintEvent(event)

    def _paint_code(self, painter: QPainter, area: QRectF, language: str) -> None:
        colours = self._formats.colours
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.fill)
        painter.drawRoundedRect(area, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.setPen(colours.secondary)
        painter.setFont(theme.small())
        head = area.adjusted(SPACING, 6, -36, 0)
        painter.drawText(head, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, language)

    def _paint_lines(self, painter: QPainter, visible: QRectF) -> None:
        """Rules, and the bars beside quotes."""
        layout = self.document().documentLayout()
        colours = self._formats.colours
        for block in _blocks(self.document().rootFrame(), visible, layout):
            shape = block.blockFormat()
            area = layout.blockBoundingRect(block)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.line)
            if _quoted(block.previous()):
                area.setTop(area.top() - shape.topMargin())
            for depth in range(shape.intProperty(QUOTE)):
                left = area.left() + shape.leftMargin() - 14 * (depth + 1)
                if shape.rightMargin():
                    left = self.viewport().width() - shape.rightMargin() + 14 * (depth + 1) - 3
                painter.drawRoundedRect(QRectF(left, area.top(), 3, area.height()), 1.5, 1.5)
            if shape.boolProperty(RULE):
                painter.drawRect(QRectF(0, area.center().y() + SPACING / 2, self.viewport().width(), 1))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        if event.size().width() == event.oldSize().width():
            super().resizeEvent(event)
        else:
            self._reflow.wanted()

    def _lay_out(self) -> None:
        """In the width that it has now; Qt does so only when it is told of another."""
        super().resizeEvent(QResizeEvent(self.viewport().size(), QSize()))
        self._place_codes(0)


def _blocks(root: QTextFrame, visible: QRectF, layout: QAbstractTextDocumentLayout) -> Iterator[QTextBlock]:
    """Blocks outside frames and tables of which something can be seen."""
    document = root.document()
    at = layout.hitTest(visible.topLeft(), Qt.HitTestAccuracy.FuzzyHit)
    block = document.findBlock(max(0, at))
    while block.isValid():
        area = layout.blockBoundingRect(block)
        if area.top() > visible.bottom():
            return
        yield block
        block = block.next()


def _quoted(block: QTextBlock) -> bool:
    return block.isValid() and block.blockFormat().intProperty(QUOTE) > 0
