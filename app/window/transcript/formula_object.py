"""How a formula stands in a text document: one object character that knows its source, on the line's baseline."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QRectF, QSizeF
from PySide6.QtGui import (
    QFontInfo,
    QFontMetrics,
    QPainter,
    QPyTextObject,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from app.window.transcript.typesetter import Drawing

KIND = QTextFormat.ObjectTypes.UserObject.value + 1
SOURCE = QTextFormat.Property.UserProperty + 3
_DRAWING = QTextFormat.Property.UserProperty + 4
OBJECT = "\ufffc"
_LARGER = 1.18
"""Its letters are smaller than those of a system font of the same size."""
_SIDE = 0.5
_ALONE = QTextCharFormat.VerticalAlignment.AlignBottom


def format_of(drawing: Drawing, source: str, base: QTextCharFormat, *, alone: bool = False) -> QTextCharFormat:
    """alone: on a line of its own, where no baseline is to be met."""
    look = QTextCharFormat(base)
    look.setObjectType(KIND)
    look.setProperty(SOURCE, source)
    look.setProperty(_DRAWING, drawing)
    look.setVerticalAlignment(_ALONE if alone else _alignment(drawing, base))
    return look


def _alignment(drawing: Drawing, base: QTextCharFormat) -> QTextCharFormat.VerticalAlignment:
    """Qt knows three places for an object; the one that wants the least air under the formula."""
    under = drawing.descent * _em(base)
    if under < 1.5:
        return QTextCharFormat.VerticalAlignment.AlignNormal
    if under <= QFontMetrics(base.font()).descent():
        return QTextCharFormat.VerticalAlignment.AlignBaseline
    return QTextCharFormat.VerticalAlignment.AlignMiddle


def _em(look: QTextCharFormat) -> float:
    return QFontInfo(look.font()).pixelSize() * _LARGER


class FormulaObject(QPyTextObject):
    """Belongs to one document; what does not fit its width is drawn smaller."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)

    def intrinsicSize(self, document: QTextDocument, _at: int, look: QTextFormat) -> QSizeF:  # noqa: N802 -- Qt's name
        found = look.toCharFormat()
        drawing: Drawing = found.property(_DRAWING)
        em = self._fitting(drawing, found, document)
        over, under = _heights(drawing, found, em)
        return QSizeF(drawing.width * em + 2 * _SIDE, over + under)

    def drawObject(  # noqa: N802 -- Qt's name
        self, painter: QPainter, place: QRectF | QRect, document: QTextDocument, _at: int, look: QTextFormat
    ) -> None:
        found = look.toCharFormat()
        drawing: Drawing = found.property(_DRAWING)
        em = self._fitting(drawing, found, document)
        over, _ = _heights(drawing, found, em)
        top = place.top() + over - drawing.ascent * em
        area = QRectF(place.left() + _SIDE, top, drawing.width * em, (drawing.ascent + drawing.descent) * em)
        drawing.renderer(found.foreground().color()).render(painter, area)

    @staticmethod
    def _fitting(drawing: Drawing, look: QTextCharFormat, document: QTextDocument) -> float:
        em, room = _em(look), document.textWidth() - 2 * _SIDE
        return min(em, room / drawing.width) if room > 50 and drawing.width > 0 else em


def _heights(drawing: Drawing, look: QTextCharFormat, em: float) -> tuple[float, float]:
    """Pixels over and under the baseline that Qt will give an object so aligned."""
    over, under = drawing.ascent * em, drawing.descent * em
    metrics = QFontMetrics(look.font())
    alignment = look.verticalAlignment()
    if alignment is _ALONE:
        return over, under
    if alignment is QTextCharFormat.VerticalAlignment.AlignBaseline:
        return over, float(metrics.descent())
    if alignment is QTextCharFormat.VerticalAlignment.AlignMiddle:
        half = metrics.xHeight() / 2
        whole = max(2 * over - half, 2 * under + half)
        return (whole + half) / 2, (whole - half) / 2
    return over, 0.0


def units(text: str) -> int:
    """How many positions of a document a text takes: Qt counts in UTF-16."""
    return len(text) + sum(letter > "\uffff" for letter in text)


def with_sources(cursor: QTextCursor) -> str:
    """What is selected, each formula as it was written."""
    text, at = cursor.selectedText(), cursor.selectionStart()
    look = QTextCursor(cursor.document())
    parts: list[str] = []
    for letter in text:
        at += units(letter)
        if letter == OBJECT:
            look.setPosition(at)
            letter = str(look.charFormat().property(SOURCE) or "")  # noqa: PLW2901 -- the letter's stand-in
        parts.append(letter)
    return "".join(parts).replace("\u2029", "\n").replace("\u2028", "\n")
