"""The icons, drawn from resources/icons in the colour of text. 24 units square, 1.5 strokes."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.window import theme
from engine.models import places

_SIZE = 18
_DENSITIES = (1, 2, 3)


def side() -> int:
    """Pixels, across and down; more beside larger text."""
    return theme.scaled(_SIZE)


def icon(name: str, colour: QColor) -> QIcon:
    return _drawn(name, colour.name(), side())


@cache
def _drawn(name: str, colour: str, side: int) -> QIcon:
    source = (places.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))
    icon = QIcon()
    for density in _DENSITIES:
        icon.addPixmap(_pixmap(renderer, side, density))
    return icon


def _pixmap(renderer: QSvgRenderer, side: int, density: int) -> QPixmap:
    pixmap = QPixmap(QSize(side, side) * density)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, side * density, side * density))
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap
