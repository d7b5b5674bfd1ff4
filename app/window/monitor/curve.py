"""One small live curve with its name and its last value. Draws values; knows not what they are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window import theme

_CURVE = 34
_POINTS = 60
"""More would not be seen and cost time."""


class Curve(QWidget):
    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._value = ""
        self._values: Sequence[float] = ()
        self._most = 1.0
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(QFontMetrics(theme.small()).height() + 6 + _CURVE)

    def show_values(self, values: Sequence[float], most: float, value: str) -> None:
        """most: what the top of the curve stands for."""
        self._values, self._most, self._value = values, max(most, 1e-9), value
        self.setAccessibleDescription(value)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        painter.setFont(theme.small())
        head = QRectF(0, 0, self.width(), QFontMetrics(theme.small()).height())
        painter.setPen(colours.text)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._name)
        painter.drawText(head, Qt.AlignmentFlag.AlignRight, self._value)
        area = QRectF(0, head.height() + 4, self.width(), _CURVE)
        painter.fillRect(QRectF(0, area.bottom() - 1, area.width(), 1), colours.line)
        if len(self._values) > 1:
            self._paint_curve(painter, area, colours.accent)
        painter.end()

    def _paint_curve(self, painter: QPainter, area: QRectF, accent: QColor) -> None:
        shown = _thinned(self._values)
        step = area.width() / (len(shown) - 1)
        room = area.height() - 4
        points = [
            QPointF(number * step, area.bottom() - 1 - min(1.0, max(0.0, value / self._most)) * room)
            for number, value in enumerate(shown)
        ]
        ground = QColor(accent)
        ground.setAlphaF(0.12)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawPolygon(QPolygonF([QPointF(0, area.bottom()), *points, QPointF(area.width(), area.bottom())]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(accent, 1.5))
        painter.drawPolyline(QPolygonF(points))


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """At most _POINTS of them; each is the least of those that it stands for, so that no dip is hidden."""
    each = -(-len(values) // _POINTS)
    return [min(values[at : at + each]) for at in range(0, len(values), each)] if each > 1 else values
