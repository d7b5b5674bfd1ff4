"""The buttons of the window: quiet ones with an icon, and ones of words. Each has a name for who cannot see it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from app.window import theme
from app.window.icons import icon, side

_HIGH = 28


def high() -> int:
    """Pixels of a row of buttons."""
    return theme.scaled(_HIGH)


class QuietButton(QToolButton):
    """An icon, or words, on nothing; a soft ground under the pointer; a ring with the keyboard's focus.

    flush: its words begin where the text above them begins, so it has no ground.
    """

    def __init__(self, name: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._faint = False
        self.flush = False
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.dress()

    def change(self, name: str, words: str) -> None:
        self._name = name
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.dress()

    def say(self, text: str) -> None:
        """Words instead of an icon; the button takes the room they need. Flush ones give way and are cut short."""
        self.setText(text)
        width = self.fontMetrics().horizontalAdvance(text) + 2 * theme.GRID
        self.setMaximumWidth(width)
        self.setMinimumWidth(40 if self.flush else width)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(self.maximumWidth(), high()) if self.text() else super().sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        return QSize(self.minimumWidth(), high())

    def fade(self, *, faint: bool) -> None:
        """Hardly there, until the pointer comes near."""
        self._faint = faint
        self.update()

    def dress(self) -> None:
        if self._name:
            self.setIcon(icon(self._name, theme.colours().secondary))
            self.setIconSize(QSize(side(), side()))
            self.setMinimumSize(high(), high())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.dress()
            if self.text():
                self.say(self.text())  # it may be of another size now

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 -- Qt's name
        super().enterEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled() and not self.text():
            painter.setOpacity(0.4)
        elif self._faint and not self.hasFocus() and not self.underMouse():
            painter.setOpacity(0.0)
        self._paint_ground(painter, colours)
        if self.text():
            painter.setFont(self.font())
            painter.setPen(colours.secondary if not self.underMouse() else colours.text)
            edge = Qt.AlignmentFlag.AlignLeft if self.flush else Qt.AlignmentFlag.AlignHCenter
            shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | edge, shown)
        else:
            self.icon().paint(painter, self.rect())
        painter.end()

    def _paint_ground(self, painter: QPainter, colours: theme.Colours) -> None:
        area = self.rect().adjusted(1, 1, -1, -1)
        ground: QColor | None = colours.hover if self.isDown() or self.isChecked() else None
        if ground is None and self.underMouse() and self.isEnabled():
            ground = colours.fill
        painter.setPen(Qt.PenStyle.NoPen)
        if ground is not None and not self.flush:
            painter.setBrush(ground)
            painter.drawRoundedRect(area, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(colours.accent)
            painter.drawRoundedRect(area, theme.RADIUS_SMALL, theme.RADIUS_SMALL)


def quiet_button(name: str, words: str, parent: QWidget | None = None) -> QuietButton:
    return QuietButton(name, words, parent)


def word_button(text: str, words: str = "", parent: QWidget | None = None) -> QuietButton:
    """A button of words; they take the room they need."""
    button = QuietButton("", words or text, parent)
    button.setFont(theme.small())
    button.say(text)
    return button
