"""Where the quick prompt stands and how high its answer may grow. Pure."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect

_WIDTH, _EDGE = 640, 16
_DOWN, _GROWS = 0.22, 0.55


def width(screen: QRect, scaled: int = _WIDTH) -> int:
    """scaled: what it would like to have."""
    return min(scaled, screen.width() - 2 * _EDGE)


def corner(screen: QRect, wide: int) -> QPoint:
    """The upper left: centred, in the upper third."""
    return QPoint(screen.left() + (screen.width() - wide) // 2, screen.top() + round(screen.height() * _DOWN))


def tallest_answer(screen: QRect) -> int:
    """Longer ones scroll; the whole stays on the screen."""
    return round(screen.height() * _GROWS)
