"""The pill over every program while somebody dictates: how loud, the last words, what became of them.

It never takes the focus: the person goes on in the program they are in. Shows what it is told, tells what is pressed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QColor,
    QCursor,
    QFontMetrics,
    QGuiApplication,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.dictation.shown import Do, Shown, Stage
from app.window import motion, theme
from app.window.buttons import QuietButton, quiet_button, word_button
from app.window.dictation import pill_words
from app.window.icons import icon, side

_WIDE, _NARROW, _WIDEST = 480, 112, 560
_SIDE, _SIGN = 16, 30
_HIGH = 44
_BELOW = 28
"""Over the edge of the screen, or over what it stands above."""
_BARS = 7
_BEAT_MS = 160
_QUIET_ACTS = {Do.END: "check", Do.CANCEL: "close", Do.HIDE: "close"}


class Pill(QWidget):
    pressed = Signal(object)
    """A Do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            parent,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(self.tr("Cadre Dictation"))
        self._shown = Shown()
        self._over: QWidget | None = None
        self._levels: deque[float] = deque([0.0] * _BARS, maxlen=_BARS)
        self._beats = 0
        self._beat = QTimer(self, interval=_BEAT_MS)
        self._beat.timeout.connect(self._tick)
        self._acts = {do: self._button(do) for do in Do}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 10, 0)
        self._row.setSpacing(2)
        self._row.addStretch(1)
        for do in (Do.ALLOW, Do.RETRY, Do.SWAP, Do.AS_SPOKEN, Do.SHOW, Do.CANCEL, Do.END, Do.HIDE):
            self._row.addWidget(self._acts[do])
            self._acts[do].hide()

    def _button(self, do: Do) -> QuietButton:
        words = pill_words.act(do)
        button = quiet_button(_QUIET_ACTS[do], words, self) if do in _QUIET_ACTS else word_button(words, parent=self)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.pressed.emit(do))
        return button

    # --- what it is told ----------------------------------------------------------------------------------

    def show_state(self, shown: Shown, over: QWidget | None = None) -> None:
        """over: a widget of Cadre's above which it stands; None: at the bottom of the person's screen."""
        before, self._shown, self._over = self._shown, shown, over
        if shown.stage is Stage.HIDDEN:
            self._beat.stop()
            self.hide()
            return
        if shown.stage is Stage.LISTENING:
            self._levels.append(shown.level)
        elif shown.stage is not Stage.WORKING:
            self._levels.extend([0.0] * _BARS)
        if before.acts != shown.acts:
            for do, button in self._acts.items():
                button.setVisible(do in shown.acts)
        new = before.stage is not shown.stage or before.sentence != shown.sentence or before.warning != shown.warning
        if new or not self.isVisible():
            self._settle()
            self._announce()
        elif over is not None:
            self.move(self._corner())
        self.update()

    def _settle(self) -> None:
        if self._shown.stage is Stage.WORKING and not motion.is_reduced():
            self._beat.start()
        else:
            self._beat.stop()
        self.setFixedSize(*self._size())
        self.move(self._corner())
        self.show()
        self.raise_()

    def _announce(self) -> None:
        words = pill_words.spoken(self._shown)
        self.setAccessibleName(words)
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _tick(self) -> None:
        self._beats += 1
        self.update()

    # --- where --------------------------------------------------------------------------------------------

    def _buttons_width(self) -> int:
        shown = [self._acts[do] for do in self._shown.acts]
        return sum(max(button.minimumWidth(), button.sizeHint().width()) + 2 for button in shown) + 8

    def _size(self) -> tuple[int, int]:
        """As wide as what it says; while words come it keeps one width, so that nothing jumps."""
        metrics = QFontMetrics(theme.body())
        high = max(_HIGH, metrics.height() + 24)
        room = _SIDE + _SIGN + self._buttons_width() + 8
        if self._shown.stage in {Stage.LISTENING, Stage.WORKING} and not self._shown.warning:
            return theme.scaled(_WIDE), high
        words = pill_words.line(self._shown)
        one_line = metrics.horizontalAdvance(words) + room + 6
        if one_line <= theme.scaled(_WIDEST):
            return max(theme.scaled(_NARROW), one_line), high
        wide = theme.scaled(_WIDEST)
        area = metrics.boundingRect(QRect(0, 0, wide - room, 1000), int(Qt.TextFlag.TextWordWrap), words)
        return wide, max(high, area.height() + 24)

    def _corner(self) -> QPoint:
        over = self._over
        if over is not None and over.isVisible():
            top = over.mapToGlobal(QPoint(over.width() // 2, 0))
            return QPoint(top.x() - self.width() // 2, top.y() - self.height() - 10)
        screen = (QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()).availableGeometry()
        return QPoint(screen.center().x() - self.width() // 2, screen.bottom() - self.height() - _BELOW)

    # --- looks --------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = min(self.height() / 2, _HIGH / 2)
        painter.setPen(theme.mixed(colours.window, colours.text, 0.2))
        painter.setBrush(theme.mixed(colours.window, colours.text, 0.08) if colours.dark else colours.window)
        painter.drawRoundedRect(theme.framed(self.rect()), radius, radius)
        self._paint_sign(painter, colours)
        left = _SIDE + _SIGN
        self._paint_words(painter, QRect(left, 0, self.width() - left - self._buttons_width() - 8, self.height()))
        painter.end()

    def _paint_sign(self, painter: QPainter, colours: theme.Colours) -> None:
        middle, stage = self.height() / 2, self._shown.stage
        if stage is Stage.LISTENING and not self._shown.warning:
            for number, level in enumerate(self._levels):
                high = 3 + level * 19
                self._paint_bar(painter, _SIDE + number * 3.2 - 1, middle, high, colours.accent)
        elif stage is Stage.WORKING:
            for number in range(3):
                lit = self._beat.isActive() and self._beats % 3 == number
                colour = colours.accent if lit or not self._beat.isActive() else colours.secondary
                self._paint_bar(painter, _SIDE + 1 + number * 7, middle, 4, colour, 4)
        else:
            name, colour = self._sign(colours)
            area = QRect(_SIDE - 2, round(middle - side() / 2), side(), side())
            icon(name, colour).paint(painter, area)

    def _sign(self, colours: theme.Colours) -> tuple[str, QColor]:
        if self._shown.warning:
            return "mic-off", colours.amber
        wrong = {Stage.FAILED: colours.red, Stage.DENIED: colours.amber, Stage.INSERTED: colours.accent}
        return pill_words.ICONS.get(self._shown.stage, "mic"), wrong.get(self._shown.stage, colours.secondary)

    def _paint_bar(
        self, painter: QPainter, left: float, middle: float, high: float, colour: QColor, wide: float = 2.2
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(left, middle - high / 2, wide, high), wide / 2, wide / 2)

    def _paint_words(self, painter: QPainter, area: QRect) -> None:
        """The last words at the end of the line, so that the newest are always there."""
        colours, shown = theme.colours(), self._shown
        painter.setFont(theme.body())
        words = shown.stable + shown.tentative
        heard = shown.stage in {Stage.LISTENING, Stage.WORKING} and words and not shown.warning
        if not heard:
            waits = shown.stage in {Stage.LISTENING, Stage.WORKING} and not shown.warning
            painter.setPen(colours.secondary if waits else colours.text)
            painter.drawText(
                area,
                int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading | Qt.TextFlag.TextWordWrap),
                pill_words.line(shown),
            )
            return
        metrics = QFontMetrics(theme.body())
        flat = " ".join(words.split())
        line = last_words(flat, lambda text: metrics.horizontalAdvance(text) <= area.width())
        tentative = " ".join(shown.tentative.split())
        cut = max(0, len(line) - len(tentative)) if shown.stage is Stage.LISTENING else len(line)
        baseline = round(self.height() / 2 + (metrics.ascent() - metrics.descent()) / 2)
        painter.setPen(colours.text)
        painter.drawText(area.left(), baseline, line[:cut])
        painter.setPen(colours.secondary)
        painter.drawText(area.left() + metrics.horizontalAdvance(line[:cut]), baseline, line[cut:])

    def end(self) -> None:
        self._beat.stop()
        self.hide()


def last_words(text: str, fits: Callable[[str], bool]) -> str:
    """As many of the last words as fit, whole; pure."""
    if fits(text):
        return text
    words = text.split(" ")
    first, end = 0, len(words) - 1  # the last word stands in any case
    while first < end:
        middle = (first + end) // 2
        if fits("… " + " ".join(words[middle:])):
            end = middle
        else:
            first = middle + 1
    return "… " + " ".join(words[first:])
