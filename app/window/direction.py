"""Which way a text reads, whatever way the interface does: a Latin title in an Arabic list keeps its stop behind."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter

_LEFT, _RIGHT = {"L"}, {"R", "AL"}


def reads_right_to_left(text: str) -> bool:
    """As its first letter does; without any it reads left to right."""
    for letter in text:
        way = unicodedata.bidirectional(letter)
        if way in _LEFT or way in _RIGHT:
            return way in _RIGHT
    return False


def draw(painter: QPainter, area: QRect, text: str, across: Qt.AlignmentFlag) -> None:
    """From the side where the interface begins, in the text's own direction. across: where it stands vertically."""
    mirrored = painter.layoutDirection() is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if mirrored else Qt.AlignmentFlag.AlignLeft
    forced = Qt.TextFlag.TextForceRightToLeft if reads_right_to_left(text) else Qt.TextFlag.TextForceLeftToRight
    painter.drawText(area, (side | Qt.AlignmentFlag.AlignAbsolute | across).value | forced.value, text)
