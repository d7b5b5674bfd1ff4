"""The sign in the menu bar: a glyph in a ring that fills with the memory Cadre holds, and a menu with what goes on."""

from __future__ import annotations

import sys
from functools import cache

from PySide6.QtCore import QByteArray, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from app.numbers import size
from app.view import View
from app.window import theme, words
from engine.models import places

_SIDE = 18
_DENSITIES = (1, 2, 3)
_STEPS = 24
"""Of the ring; a smaller change is not drawn."""


class Sign(QObject):
    """Told of answers by `show_answer`; says what the person wants."""

    prompt_wanted = Signal()
    window_wanted = Signal()
    dictation_wanted = Signal()
    insert_last_wanted = Signal()
    settings_wanted = Signal()
    stop_wanted = Signal()
    quit_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icon = QSystemTrayIcon(self)
        self.menu = QMenu()
        self.state, self.model, self.memory = (self._line() for _ in range(3))
        self.menu.addSeparator()
        self._add(self.tr("Quick Prompt"), self.prompt_wanted)
        self._add(self.tr("Dictate"), self.dictation_wanted)
        self._add(self.tr("Insert Last Dictation"), self.insert_last_wanted)
        self._add(self.tr("Open Cadre"), self.window_wanted)
        self.stop = self._add(self.tr("Stop Answering"), self.stop_wanted)
        self.menu.addSeparator()
        self._add(self.tr("Settings…"), self.settings_wanted)
        self._add(self.tr("Quit Cadre"), self.quit_wanted)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._pressed)
        self._drawn: tuple[int, bool] | None = None
        self.show_idle()

    def _line(self) -> QAction:
        """That only says something."""
        line = self.menu.addAction("")
        line.setEnabled(False)
        return line

    def _add(self, text: str, signal: object) -> QAction:
        action = self.menu.addAction(text)
        action.triggered.connect(signal)
        return action

    # --- what is shown ------------------------------------------------------------------------------------

    def set_visible(self, *, visible: bool) -> None:
        self._icon.setVisible(visible)

    def show_answer(self, view: View, model: str) -> None:
        """One being written."""
        memory = view.memory
        limit = 0 if memory is None else max(memory.limit, memory.promised)
        self._show(words.stage(view), model, 0 if memory is None else memory.peak, limit, busy=True)

    def show_idle(self, model: str = "", held: int = 0, limit: int = 0) -> None:
        """model: that answered last. held: bytes, as measured; 0 while there is nothing to tell."""
        self._show(self.tr("Ready"), model, held, limit, busy=False)

    def _show(self, state: str, model: str, held: int, limit: int, *, busy: bool) -> None:
        self.state.setText(state)
        self.model.setText(model)
        self.model.setVisible(bool(model))
        self.memory.setText(self.tr("{size} of memory").format(size=size(held)) if held else "")
        self.memory.setVisible(bool(held))
        self.stop.setVisible(busy)
        told = [state, model, self.memory.text()]
        tip = "Cadre: " + ", ".join(part for part in told if part)
        if tip != self._icon.toolTip():
            self._icon.setToolTip(tip)
        self._draw(round(min(1.0, held / limit if limit else 0.0) * _STEPS), busy=busy)

    def _draw(self, steps: int, *, busy: bool) -> None:
        if (steps, busy) != self._drawn:
            self._drawn = (steps, busy)
            self._icon.setIcon(drawn(steps / _STEPS, busy=busy, colour=theme.colours().text))

    def _pressed(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        """On a Mac a press opens the menu, elsewhere the prompt."""
        if reason is QSystemTrayIcon.ActivationReason.Trigger and sys.platform != "darwin":
            self.prompt_wanted.emit()


def drawn(share: float, *, busy: bool, colour: QColor) -> QIcon:
    """A mask on a Mac, which colours it as its menu bar wants. busy: the glyph is filled, not only outlined."""
    icon = QIcon()
    for density in _DENSITIES:
        icon.addPixmap(_pixmap(share, density, busy=busy, colour=colour))
    icon.setIsMask(True)
    return icon


def _pixmap(share: float, density: int, *, busy: bool, colour: QColor) -> QPixmap:
    pixmap = QPixmap(_SIDE * density, _SIDE * density)
    pixmap.setDevicePixelRatio(density)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring = QRectF(1.25, 1.25, _SIDE - 2.5, _SIDE - 2.5)
    faint = QColor(colour)
    faint.setAlphaF(0.35)
    painter.setPen(QPen(faint, 1.5))
    painter.drawEllipse(ring)
    painter.setPen(QPen(colour, 1.75, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    if share > 0:
        painter.drawArc(ring, 90 * 16, round(-share * 360 * 16))
    _glyph("menu-bar-busy" if busy else "menu-bar", colour.name()).render(painter, QRectF(0, 0, _SIDE, _SIDE))
    painter.end()
    return pixmap


@cache
def _glyph(name: str, colour: str) -> QSvgRenderer:
    source = (places.resources() / "app_icon" / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("#000000", colour).encode()))
