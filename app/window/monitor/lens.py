"""What one cell of the map stands for, singly and large: shape tells the state, not only colour."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.experts import Experts
from app.window import theme

_CELL, _PAD = 22, 6


class Lens(QWidget):
    """Floats beside the pointed cell; takes no pointer and no keys."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._under = parent
        self._experts: Experts | None = None
        self._layer = 0
        self._ids: Sequence[int] = ()
        self._now = 0.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_cell(self, experts: Experts, layer: int, ids: Sequence[int], now: float, cell: QRect) -> None:
        """cell: in the coordinates of the widget it lies on; the lens stays within that."""
        self._experts, self._layer, self._ids, self._now = experts, layer, ids, now
        line = QFontMetrics(theme.small()).height()
        self.resize(len(ids) * _CELL + 2 * _PAD, _CELL + line + 2 * _PAD)
        around = self._under.rect()
        top = (
            cell.bottom() + 6
            if cell.bottom() + 6 + self.height() <= around.height()
            else cell.top() - self.height() - 6
        )
        left = min(max(0, cell.center().x() - self.width() // 2), max(0, around.width() - self.width()))
        self.move(QPoint(left, max(0, top)))
        self.show()
        self.raise_()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        if self._experts is None:
            return
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.window)
        painter.drawRoundedRect(theme.framed(self.rect()), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.setFont(theme.small())
        for number, expert in enumerate(self._ids):
            place = QRectF(_PAD + number * _CELL, _PAD, _CELL, _CELL)
            self._paint_expert(painter, place.adjusted(4, 4, -4, -4), expert, colours)
            painter.setPen(colours.secondary)
            below = QRectF(place.left() - 4, place.bottom(), place.width() + 8, self.height() - place.bottom() - 2)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, str(expert))
        painter.end()

    def _paint_expert(self, painter: QPainter, place: QRectF, expert: int, colours: theme.Colours) -> None:
        """On disk: an outline. In memory: filled. Just used: filled with a ring. Wanted in vain: a dot."""
        experts, at = self._experts, (self._layer, expert)
        assert experts is not None
        here, used = bool(experts.resident[at]), bool(experts.used_at[at] >= self._now)
        painter.setPen(QPen(colours.accent if here or experts.reading[at] else colours.secondary, 1.5))
        painter.setBrush(theme.mixed(colours.window, colours.accent, 0.45) if here else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(place, 3, 3)
        if used:
            painter.setBrush(colours.accent)
            painter.drawRoundedRect(place, 3, 3)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-2.5, -2.5, 2.5, 2.5), 5, 5)
        elif experts.absent_at[at] >= self._now and not here:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.amber)
            painter.drawEllipse(place.center(), 3.0, 3.0)
