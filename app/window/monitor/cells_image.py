"""The cells of the expert map as pixels, with the lines between them: Qt has nothing left to scale or to draw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage, QPainter

from app.window import theme
from app.window.monitor.cells import Cells, colours

GAP = 1
CELL = 5


class CellsImage:
    """Kept from frame to frame: half a megabyte taken anew thirty times a second costs more than what is drawn."""

    def __init__(self) -> None:
        self._pixels: npt.NDArray[np.uint32] = np.zeros((0, 0, 0, 0), np.uint32)

    def paint(self, painter: QPainter, shown: Cells, look: theme.Colours, across: int) -> None:
        """At the top left; across: pixels from one layer to the next."""
        packed = colours(
            shown,
            _rgb(theme.mixed(look.window, look.text, 0.07)),
            _rgb(theme.mixed(look.window, look.accent, 0.42)),
            _rgb(look.accent if look.dark else theme.mixed(look.accent, QColor("black"), 0.15)),
        )
        rows, layers = packed.shape
        if self._pixels.shape != (rows, CELL + GAP, layers, across):
            self._pixels = np.empty((rows, CELL + GAP, layers, across), np.uint32)
        lines = look.window.rgb()
        self._pixels[:, CELL:] = lines
        self._pixels[:, :CELL, :, across - GAP :] = lines
        self._pixels[:, :CELL, :, : across - GAP] = packed[:, None, :, None]
        high, wide = rows * (CELL + GAP), layers * across
        painter.drawImage(0, 0, QImage(self._pixels.data, wide, high, wide * 4, QImage.Format.Format_RGB32))


def _rgb(colour: QColor) -> npt.NDArray[np.float32]:
    return np.array([colour.red(), colour.green(), colour.blue()], np.float32)
