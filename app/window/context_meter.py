"""A small ring that fills as the model's context does; words beside it when little is left. Quiet until then."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.context import FULL, WARN, Usage
from app.window import theme
from app.window.buttons import high

_RING = 14
_LEAST = 0.02
"""Share under which there is nothing to see."""


class ContextMeter(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.usage = Usage(0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Context"))
        self.hide()

    def show_usage(self, usage: Usage) -> None:
        self.usage = usage
        self.setVisible(usage.share >= _LEAST)
        self.setToolTip(self.said())
        self.setAccessibleDescription(self.said())
        self.setFixedSize(self.sizeHint())
        self.update()

    def words(self) -> str:
        """Beside the ring; only when it matters."""
        if self.usage.share > FULL:
            return self.tr("too long")
        return self.tr("{n} % full").format(n=int(100 * self.usage.share)) if self.usage.share >= WARN else ""

    def said(self) -> str:
        count, number = QLocale().toString, self.usage
        about = self.tr("About {tokens} of the {all} tokens that this model can hold in mind (an estimate).").format(
            tokens=count(_rounded(number.tokens)), all=count(number.of)
        )
        if number.share > FULL:
            return about + " " + self.tr("Shorten the message, attach less or begin a new chat.")
        return about + (" " + self.tr("Begin a new chat soon.") if number.share >= WARN else "")

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        metrics = QFontMetrics(theme.small())
        words = metrics.horizontalAdvance(self.words())
        return QSize(_RING + 4 + (words + 7 if words else 0), high())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours, share = theme.colours(), self.usage.share
        ink = colours.red if share > FULL else colours.amber if share >= WARN else colours.secondary
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ring = QRectF(self.width() - _RING - 2, (self.height() - _RING) / 2, _RING, _RING).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(colours.line, 2))
        painter.drawEllipse(ring)
        painter.setPen(QPen(ink, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawArc(ring, 90 * 16, -round(360 * 16 * min(1.0, share)))
        if words := self.words():
            painter.setFont(theme.small())
            painter.setPen(colours.text)
            place = QRectF(0, 0, self.width() - _RING - 6, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        painter.end()


def _rounded(tokens: int) -> int:
    """No more figures than an estimate has."""
    step = int(10 ** max(0, len(str(tokens)) - 2))
    return round(tokens / step) * step
