"""One layer's experts as bars: how often each served this answer, and which are in memory. The regulars first."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.experts import Experts
from app.window import theme

_HIGH = 40


class LayerBars(QWidget):
    """Hidden until a layer is chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experts: Experts | None = None
        self._layer: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(QFontMetrics(theme.small()).height() + 6 + _HIGH)
        self.setAccessibleName(self.tr("Experts of one layer"))
        self.hide()

    def show_layer(self, experts: Experts | None, layer: int | None) -> None:
        some = experts is not None and layer is not None and layer < experts.layers
        self._experts, self._layer = (experts, layer) if some else (None, None)
        self.setVisible(some)
        self.setAccessibleDescription(self.words())
        self.update()

    def words(self) -> str:
        if self._experts is None or self._layer is None:
            return ""
        here, uses = self._experts.resident[self._layer], self._experts.uses[self._layer]
        most = int(uses.argmax())
        return self.tr("Layer {layer}: {n} of {all} in memory, expert {most} served most, {uses} times").format(
            layer=self._layer + 1, n=int(here.sum()), all=here.size, most=most, uses=int(uses[most])
        )

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        experts, layer = self._experts, self._layer
        if experts is None or layer is None:
            return
        colours = theme.colours()
        painter = QPainter(self)
        painter.setFont(theme.small())
        painter.setPen(colours.secondary)
        metrics = QFontMetrics(theme.small())
        best = int(experts.uses[layer].argmax())
        line = self.tr("Layer {layer}: expert {most} served most, {uses} times").format(
            layer=layer + 1, most=best, uses=int(experts.uses[layer, best])
        )
        words = metrics.elidedText(line, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, words)
        floor = self.height() - 1
        painter.setPen(QPen(colours.line, 1))
        painter.drawLine(0, floor, self.width(), floor)
        step, most = self.width() / experts.count, max(1, int(experts.uses[layer].max()))
        gap = 1 if step >= 3 else 0
        for number, expert in enumerate(experts.order[layer].tolist()):
            high = _HIGH * int(experts.uses[layer, expert]) / most
            bar = QRectF(number * step, floor - max(1.0, high), step - gap, max(1.0, high))
            here = bool(experts.resident[layer, expert])
            painter.fillRect(bar, colours.accent if here else theme.mixed(colours.window, colours.text, 0.3))
        painter.end()
