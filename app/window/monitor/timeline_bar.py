"""What the request spent its time on: one bar, and its parts with their seconds."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window import theme, words
from app.window.timeline import Part, Timeline

_BAR = 12
_LEAST = 0.02
"""Share of the whole under which a part gets no words."""


class TimelineBar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline: Timeline | None = None
        self.setAccessibleName(self.tr("Timeline of the request"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_BAR + 8 + 3 * self._line())

    def show_timeline(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.setAccessibleDescription(", ".join(f"{words.part(part)} {words.seconds(s)}" for part, s in self._told()))
        self.update()

    def _line(self) -> int:
        return QFontMetrics(theme.small()).height() + 2

    def _told(self) -> list[tuple[Part, float]]:
        if self._timeline is None:
            return []
        totals = self._timeline.totals()
        whole = sum(totals.values()) or 1.0
        return [(part, seconds) for part, seconds in totals.items() if seconds / whole >= _LEAST]

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(0, 0, self.width(), _BAR), 4, 4)
        painter.fillPath(shape, colours.fill)
        painter.setClipPath(shape)
        self._paint_spans(painter, colours)
        painter.setClipping(False)
        self._paint_words(painter, colours)
        painter.end()

    def _paint_spans(self, painter: QPainter, colours: theme.Colours) -> None:
        timeline = self._timeline
        if timeline is None or timeline.spans[-1].ended <= timeline.spans[0].began:
            return
        begin = timeline.spans[0].began
        scale = self.width() / (timeline.spans[-1].ended - begin)
        for span in timeline.spans:
            area = QRectF((span.began - begin) * scale, 0, max(0.5, span.seconds * scale - 1), _BAR)
            painter.fillRect(area, tint(span.part, colours))
        for mark in timeline.marks:
            painter.fillRect(QRectF((mark - begin) * scale - 1, 0, 2, _BAR), colours.amber)

    def _paint_words(self, painter: QPainter, colours: theme.Colours) -> None:
        painter.setFont(theme.small())
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        column, line = self.width() / 2, self._line()
        for number, (part, seconds) in enumerate(self._told()):
            left, top = (number % 2) * column, _BAR + 8 + (number // 2) * line
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint(part, colours))
            painter.drawEllipse(QRectF(left, top + line / 2 - 4, 7, 7))
            painter.setPen(colours.secondary)
            said = f"{words.part(part)}  {words.seconds(seconds)}"
            place = QRectF(left + 12, top, column - 14, line)
            shown = QFontMetrics(theme.small()).elidedText(said, Qt.TextElideMode.ElideRight, int(place.width()))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)


def tint(part: Part, colours: theme.Colours) -> QColor:
    ground, accent = colours.window, colours.accent
    return {
        Part.WAIT: theme.mixed(ground, colours.text, 0.18),
        Part.LOAD: theme.mixed(ground, colours.text, 0.38),
        Part.CLASSIFY: QColor.fromHsvF((accent.hueF() + 0.12) % 1.0, 0.55, 0.85 if colours.dark else 0.75),
        Part.READ: theme.mixed(ground, accent, 0.4),
        Part.PREFILL: theme.mixed(ground, accent, 0.65),
        Part.DECODE: accent,
    }[part]
