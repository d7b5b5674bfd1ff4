"""Memory as one stacked bar: what each part was promised, and a mark at what is really held."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.numbers import size
from app.window import theme
from app.window.words import tr
from engine.messages import Memory

_BAR = 12
_TERMS = (
    ("base", "Program"),
    ("dense", "Always used"),
    ("banks", "Experts"),
    ("kv", "Conversation"),
    ("activations", "Work space"),
    ("speech", "Speech"),
)


class MemoryBar(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._memory: Memory | None = None
        self._pressure = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Memory"))
        self._fit()

    def show_memory(self, memory: Memory | None, pressure: int = 0) -> None:
        """pressure: as in a view."""
        if (memory, pressure) != (self._memory, self._pressure):
            self._memory, self._pressure = memory, pressure
            self._fit()
            told = [] if memory is None else _words(memory)
            self.setAccessibleDescription(", ".join([*told, *filter(None, [pressure_words(pressure)])]))
            self.update()

    def _columns(self) -> int:
        """Two where the longest term has room in one."""
        longest = max(QFontMetrics(theme.small()).horizontalAdvance(f"{tr(words)}  00.0 GB") for _, words in _TERMS)
        return 2 if longest + 12 <= self.width() / 2 else 1

    def _fit(self) -> None:
        self.setFixedHeight(_BAR + 8 + -(-len(_terms(self._memory)) // self._columns()) * self._line())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # the text may be of another size
            self._fit()

    def _line(self) -> int:
        return QFontMetrics(theme.small()).height() + 2

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRectF(0, 0, self.width(), _BAR)
        shape = QPainterPath()
        shape.addRoundedRect(bar, 4, 4)
        painter.fillPath(shape, colours.fill)
        if self._memory is not None:
            painter.setClipPath(shape)
            self._paint_terms(painter, self._memory, colours)
            painter.setClipping(False)
            if self._pressure:
                painter.setPen(QPen(colours.red if self._pressure > 1 else colours.amber, 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(bar.adjusted(1, 1, -1, -1), 3, 3)
            self._paint_legend(painter, self._memory, colours)
        painter.end()

    def _paint_terms(self, painter: QPainter, memory: Memory, colours: theme.Colours) -> None:
        """The bar's whole width is the limit, or the promise where that is more."""
        scale = self.width() / max(memory.limit, memory.promised, memory.peak, 1)
        left = 0.0
        for name, _ in _terms(memory):
            width = getattr(memory, name) * scale
            painter.fillRect(QRectF(left, 0, max(0.0, width - 1), _BAR), tint(name, colours))
            left += width
        over = memory.peak > memory.promised
        painter.fillRect(QRectF(memory.peak * scale - 1, 0, 2, _BAR), colours.red if over else colours.text)

    def _paint_legend(self, painter: QPainter, memory: Memory, colours: theme.Colours) -> None:
        """Each term with its size."""
        painter.setFont(theme.small())
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        columns, line = self._columns(), self._line()
        column = self.width() / columns
        for number, (name, words) in enumerate(_terms(memory)):
            left, top = (number % columns) * column, _BAR + 8 + (number // columns) * line
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint(name, colours))
            painter.drawEllipse(QRectF(left, top + line / 2 - 4, 7, 7))
            painter.setPen(colours.secondary)
            place = QRectF(left + 12, top, column - 12, line)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, f"{tr(words)}  {size(getattr(memory, name))}")


def pressure_words(pressure: int) -> str:
    return ("", tr("Memory is short"), tr("Memory is very short"))[min(max(pressure, 0), 2)]


def tint(term: str, colours: theme.Colours) -> QColor:
    """Of one family: the experts in full accent, the rest in its neighbourhood or grey."""
    ground, accent = colours.window, colours.accent
    hue = accent.hueF()
    side = QColor.fromHsvF((hue + 0.12) % 1.0, 0.55, 0.85 if colours.dark else 0.75)
    other = QColor.fromHsvF((hue - 0.13) % 1.0, 0.6, 0.75 if colours.dark else 0.65)
    return {
        "base": theme.mixed(ground, colours.text, 0.35),
        "dense": side,
        "banks": accent,
        "kv": other,
        "activations": theme.mixed(ground, colours.text, 0.2),
        "speech": theme.mixed(ground, other, 0.5),
    }[term]


def _terms(memory: Memory | None) -> tuple[tuple[str, str], ...]:
    """Listening only while something listens."""
    return _TERMS if memory is not None and memory.speech else _TERMS[:-1]


def _words(memory: Memory) -> list[str]:
    return [f"{tr(words)} {size(getattr(memory, name))}" for name, words in _terms(memory)]
