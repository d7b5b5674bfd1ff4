"""The expert map: one cell for each layer and expert, painted at once.

Layers across, experts down, the regulars on top. Arrow keys walk the cells; what a cell is stands below in words.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.numbers import size
from app.view import View
from app.window import motion, theme
from app.window.monitor.cells import MOST_ROWS, Cells, cells, experts_at, per_cell
from app.window.monitor.cells_image import CELL, GAP, CellsImage
from app.window.monitor.lens import Lens

WIDEST = 68
_MOST_SIGNS = 400
"""Outlines and dots painted at once; more are a colour and cost time."""
_FRAME_MS = 33
_STEPS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class MapView(QWidget):
    """described: words for the cell under the pointer or the keys, "" for none. asked_clock: seconds of the view."""

    described = Signal(str)
    layer_chosen = Signal(object)
    """By a click or Return: an index, None when it is chosen no more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = View()
        self._cells: Cells | None = None
        self._at: tuple[int, int] | None = None
        self._passed = 0.0
        self._layer: int | None = None
        self._lens = Lens(self)
        self._image = CellsImage()
        self._most_height = MOST_ROWS * (CELL + GAP)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Expert map"))
        self._fade = QTimer(self, interval=_FRAME_MS)
        self._fade.timeout.connect(self._fade_on)
        self.setFixedHeight(0)

    def show_view(self, view: View, description: str) -> None:
        self._view = view
        self._passed = 0.0
        self.setAccessibleDescription(description)
        self._renew()
        self._show_lens()

    def _renew(self) -> None:
        experts = self._view.experts
        if experts is None:
            self._cells = None
            self.setFixedHeight(0)
            self._fade.stop()
            return
        still = motion.is_reduced()
        now = self._view.now + (0.0 if still else self._passed)
        each = per_cell(experts.count, self._most_rows())
        self._cells = cells(experts, now, each, still=still, before=self._cells)
        height = self._cells.glow.shape[0] * (CELL + GAP) - GAP
        if height != self.height():
            self.setFixedHeight(height)
        if self._cells.moving and not motion.is_reduced() and self.isVisible():
            self._fade.start()
        else:
            self._fade.stop()
        self.update()

    def _fade_on(self) -> None:
        """Between two words of the engine only time moves."""
        self._passed += _FRAME_MS / 1000
        self._renew()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 -- Qt's name
        super().hideEvent(event)
        self._fade.stop()

    # --- measures -----------------------------------------------------------------------------------------

    def _pitch(self, layers: int) -> tuple[int, int]:
        """Pixels from cell to cell, across and down; few layers get wider cells, many narrower ones."""
        across = (self.width() + GAP) // max(1, layers)
        return max(GAP + 1, min(WIDEST, across)), CELL + GAP

    def set_most_height(self, pixels: int) -> None:
        self._most_height = pixels
        self._renew()

    def _most_rows(self) -> int:
        return max(16, min(MOST_ROWS, self._most_height // (CELL + GAP)))

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(theme.MONITOR, self.height())

    def _cell_at(self, place: QPoint) -> tuple[int, int] | None:
        experts, shown = self._view.experts, self._cells
        if experts is None or shown is None:
            return None
        rows, layers = shown.glow.shape
        across, down = self._pitch(layers)
        row, layer = place.y() // down, place.x() // across
        return (row, layer) if 0 <= row < rows and 0 <= layer < layers else None

    # --- painting -----------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        experts, shown = self._view.experts, self._cells
        if experts is None or shown is None:
            return
        look = theme.colours()
        painter = QPainter(self)
        across, _down = self._pitch(shown.glow.shape[1])
        self._image.paint(painter, shown, look, across)
        self._paint_signs(painter, shown, across, look)
        painter.end()

    def _paint_signs(self, painter: QPainter, shown: Cells, across: int, look: theme.Colours) -> None:
        """What colour alone should not say: being read is an outline, missed a dot, the chosen cell a ring."""
        down, wide = CELL + GAP, across - GAP
        painter.setPen(look.accent)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row, layer in np.argwhere(shown.reading)[:_MOST_SIGNS].tolist():
            painter.drawRect(layer * across, row * down, wide - 1, CELL - 1)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.amber)
        dot = min(wide, CELL) - 1
        for row, layer in np.argwhere(shown.absent)[:_MOST_SIGNS].tolist():
            painter.drawEllipse(QRectF(layer * across + (wide - dot) / 2, row * down + 0.5, dot, dot))
        if self._at is not None:
            row, layer = self._at
            painter.setPen(look.text)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(layer * across - 1.5, row * down - 1.5, wide + 2, CELL + 2))

    # --- the cell in words --------------------------------------------------------------------------------

    def _point_at(self, cell: tuple[int, int] | None) -> None:
        if cell != self._at:
            self._at = cell
            self.described.emit(self._words())
            self._show_lens()
            self.update()

    def _show_lens(self) -> None:
        """Only where a cell hides several experts."""
        experts, shown = self._view.experts, self._cells
        if self._at is None or experts is None or shown is None or shown.per_cell == 1:
            self._lens.hide()
            return
        (row, layer), (across, down) = self._at, self._pitch(shown.glow.shape[1])
        cell = QRect(layer * across, row * down, across, down)
        ids = experts_at(experts, layer, row, shown.per_cell)
        self._lens.show_cell(experts, layer, ids, self._view.now, cell)

    def _choose_layer(self, layer: int | None) -> None:
        """Once more: not any longer."""
        self._layer = None if layer == self._layer else layer
        self.layer_chosen.emit(self._layer)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 -- Qt's name
        cell = self._cell_at(event.position().toPoint())
        if cell is not None:
            self._choose_layer(cell[1])

    def _words(self) -> str:
        experts = self._view.experts
        if self._at is None or experts is None or self._cells is None:
            return ""
        row, layer = self._at
        ids = experts_at(experts, layer, row, self._cells.per_cell)
        if not ids:
            return ""
        here = sum(bool(experts.resident[layer, expert]) for expert in ids)
        uses = sum(int(experts.uses[layer, expert]) for expert in ids)
        named = ", ".join(str(expert) for expert in ids[:4]) + ("…" if len(ids) > 4 else "")
        if len(ids) == 1:
            state = self.tr("in memory") if here else self.tr("on disk")
            words = self.tr("Layer {layer}, expert {ids}: {state}, used {uses} times, {bytes}")
        else:
            state = self.tr("{n} of {all} in memory").format(n=here, all=len(ids))
            words = self.tr("Layer {layer}, experts {ids}: {state}, used {uses} times, {bytes} each")
        return words.format(layer=layer + 1, ids=named, state=state, uses=uses, bytes=size(self._view.expert_bytes))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 -- Qt's name
        self._point_at(self._cell_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().leaveEvent(event)
        self._point_at(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusOutEvent(event)
        self._point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and self._at is not None:
            self._choose_layer(self._at[1])
            return
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or self._cells is None:
            super().keyPressEvent(event)
            return
        rows, layers = self._cells.glow.shape
        row, layer = self._at or (-step[0], -step[1])
        self._point_at(((row + step[0]) % rows, (layer + step[1]) % layers))
