"""Pictures to attach in the pictured chats, drawn by us: hills at several hours, a chart. The same each time."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPainterPath

HOURS = {
    "Morning.jpg": (("#f8c9a0", "#fdeedb"), ("#8a9bb5", "#62799b", "#3c5573"), "#fff3d6"),
    "Noon.jpg": (("#7fb8ea", "#dceffb"), ("#9cc08a", "#6d9d63", "#47774a"), "#fffbe8"),
    "Evening.jpg": (("#4b3f72", "#f08a6b"), ("#6a4c79", "#47355f", "#2a2142"), "#ffd9a8"),
}
"""By file name: sky from top to bottom, hills from far to near, sun."""
_WIDE, _HIGH = 1200, 800


def hills(path: Path, *, tall: bool = False) -> None:
    """One of HOURS, by the path's name."""
    (top, bottom), ridges, sun = HOURS[path.name]
    image = QImage(_HIGH if tall else _WIDE, _WIDE if tall else _HIGH, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width, height = image.width(), image.height()
    sky = QLinearGradient(0, 0, 0, height * 0.7)
    sky.setColorAt(0, QColor(top))
    sky.setColorAt(1, QColor(bottom))
    painter.fillRect(image.rect(), sky)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(sun))
    painter.drawEllipse(QPointF(width * 0.7, height * 0.34), height * 0.07, height * 0.07)
    for number, colour in enumerate(ridges):
        painter.setBrush(QColor(colour))
        painter.drawPath(_ridge(width, height, number))
    painter.end()
    image.save(str(path))


def _ridge(width: int, height: int, number: int) -> QPainterPath:
    base, swing = height * (0.52 + 0.15 * number), height * (0.16 - 0.03 * number)
    side = -1 if number % 2 else 1
    path = QPainterPath(QPointF(0, base))
    path.cubicTo(width * 0.25, base - side * swing, width * 0.4, base + side * swing, width * 0.6, base)
    path.cubicTo(width * 0.75, base - side * swing, width * 0.9, base - swing / 2, width, base + swing / 3)
    path.lineTo(width, height)
    path.lineTo(0, height)
    path.closeSubpath()
    return path


def chart(path: Path) -> None:
    image = QImage(900, 600, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, height in enumerate((180, 260, 230, 340, 410, 380)):
        painter.fillRect(
            QRectF(90 + 130 * number, 520 - height, 80, height), QColor("#0a6cdf" if number == 4 else "#9fc3ef")
        )
    painter.fillRect(QRectF(60, 520, 800, 3), QColor("#1d1d1f"))
    painter.end()
    image.save(str(path))
