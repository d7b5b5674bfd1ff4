"""Colours, measures and fonts of the window, taken from the system's palette and font; only mixing is ours."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from engine.models import places

GRID = 8
RADIUS, RADIUS_SMALL = 10, 6
SIDEBAR, MONITOR = 220, 300
FRAMED = "framed"
"""The name of a text field of several lines that looks like one of a single line."""
MEASURE = 68
"""Characters of a line that reads well."""


@dataclass(frozen=True)
class Colours:
    """secondary: text that explains, still 4.5:1. line: hairlines. fill: quiet grounds on the window's own."""

    text: QColor
    secondary: QColor
    line: QColor
    fill: QColor
    hover: QColor
    window: QColor
    sidebar: QColor
    accent: QColor
    link: QColor
    amber: QColor
    red: QColor
    dark: bool


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """`share` of the other in the one, opaque."""

    def part(a: int, b: int) -> int:
        return round(a + (b - a) * share)

    return QColor(part(one.red(), other.red()), part(one.green(), other.green()), part(one.blue(), other.blue()))


def colours() -> Colours:
    """Of the application's palette."""
    return _of_palette(QGuiApplication.palette().cacheKey())


@lru_cache(maxsize=4)
def _of_palette(_key: int) -> Colours:
    """Kept, since everything that paints asks for them; the key is another with every change of the palette."""
    return colours_of(QGuiApplication.palette())


def colours_of(palette: QPalette) -> Colours:
    text, ground = palette.text().color(), palette.base().color()
    accent = palette.color(QPalette.ColorRole.Accent)
    dark = ground.lightnessF() < 0.5
    return Colours(
        text=text,
        secondary=mixed(text, ground, 0.34),
        line=mixed(ground, text, 0.12),
        fill=mixed(ground, text, 0.06),
        hover=mixed(ground, text, 0.1),
        window=ground,
        sidebar=mixed(ground, text, 0.035),
        accent=accent,
        link=mixed(accent, text, 0.15),
        amber=QColor("#ffb340" if dark else "#c26b00"),
        red=QColor("#ff6961" if dark else "#c41e16"),
        dark=dark,
    )


def body() -> QFont:
    return QGuiApplication.font()


def small() -> QFont:
    font = QFont(body())
    font.setPointSizeF(max(8.0, font.pointSizeF() - 1.5))
    return font


def mono() -> QFont:
    """The system's monospace, one smaller than the body."""
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(8.0, body().pointSizeF() - 1))
    return font


def title() -> QFont:
    font = QFont(body())
    font.setWeight(QFont.Weight.DemiBold)
    return font


def line_height() -> float:
    return QFontMetricsF(body()).height()


def letters(count: int) -> int:
    """Pixels of so many characters of body text."""
    return round(QFontMetricsF(body()).horizontalAdvance("0") * count)


def measure() -> int:
    """Pixels of MEASURE characters of body text."""
    return letters(MEASURE)


def scaled(pixels: int) -> int:
    """For what holds text: wider when the person wants larger text, up to a half more."""
    return round(pixels * min(1.5, max(1.0, QFontMetricsF(body()).height() / 20)))


def framed(area: QRect) -> QRectF:
    """Where a hairline round an area is drawn: in the middle of its outer pixels, so that no side is cut."""
    return QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5)


def dress(dark: bool | None = None) -> None:
    """Where the system brings no look of its own (Linux without a desktop), ours: calm greys and one blue."""
    if sys.platform == "darwin":
        return
    if dark is None:
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    palette = _palette(dark=dark)
    QGuiApplication.setPalette(palette)
    application = QApplication.instance()
    if isinstance(application, QApplication):
        application.setStyleSheet(_slim_scroll_bars(colours_of(palette)) + _calm_controls(colours_of(palette)))


def _slim_scroll_bars(look: Colours) -> str:
    """Like a Mac's: no arrows, no trough."""
    handle = mixed(look.window, look.text, 0.22).name()
    return f"""
    QScrollBar {{ background: transparent; border: none; margin: 0; }}
    QScrollBar:vertical {{ width: 10px; }}
    QScrollBar:horizontal {{ height: 10px; }}
    QScrollBar::handle {{ background: {handle}; border-radius: 3px; margin: 2px; min-height: 28px; min-width: 28px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    """


def _calm_controls(look: Colours) -> str:
    """Flat, with round corners; the one to press is of the accent's colour; what is dark has an edge."""
    edge, main = mixed(look.window, look.text, 0.2).name(), mixed(look.accent, QColor("black"), 0.25 * look.dark).name()
    sign = scaled(14)
    return f"""
    QPushButton {{ background: {look.fill.name()}; border: 1px solid {edge}; border-radius: {RADIUS_SMALL}px;
        padding: 4px 10px; }}
    QPushButton:hover, QPushButton:pressed {{ background: {look.hover.name()}; }}
    QPushButton:default {{ background: {main}; border-color: {main}; color: white; }}
    QPushButton:focus {{ border-color: {look.accent.name()}; }}
    QPushButton:disabled {{ color: {mixed(look.text, look.window, 0.55).name()}; }}
    QLineEdit, QPlainTextEdit#{FRAMED} {{ background: {look.fill.name()}; border: 1px solid {edge};
        border-radius: {RADIUS_SMALL}px; padding: 3px 2px; }}
    QLineEdit:focus, QPlainTextEdit#{FRAMED}:focus {{ border-color: {look.accent.name()}; }}
    QCheckBox::indicator {{ width: {sign}px; height: {sign}px; border: 1px solid {look.secondary.name()};
        border-radius: 3px; }}
    QCheckBox::indicator:checked {{ background: {main}; border-color: {main}; image: url({_drawing("checked")}); }}
    QCheckBox::indicator:disabled {{ border-color: {edge}; }}
    QCheckBox::indicator:checked:disabled {{ background: {edge}; }}
    QCheckBox::indicator:focus {{ border-color: {look.text.name()}; }}
    QComboBox, QAbstractSpinBox {{ background: {look.fill.name()}; border: 1px solid {edge};
        border-radius: {RADIUS_SMALL}px; padding: 3px 6px; combobox-popup: 0; }}
    QComboBox:hover {{ background: {look.hover.name()}; }}
    QComboBox:focus, QAbstractSpinBox:focus {{ border-color: {look.accent.name()}; }}
    QComboBox:disabled {{ color: {mixed(look.text, look.window, 0.55).name()}; }}
    QComboBox::drop-down, QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none;
        width: {sign + 6}px; }}
    QComboBox::down-arrow, QAbstractSpinBox::down-arrow {{ image: url({_drawing("fold-down")}); width: {sign}px; }}
    QAbstractSpinBox::up-arrow {{ image: url({_drawing("fold-up")}); width: {sign}px; }}
    QComboBox QAbstractItemView {{ background: {look.window.name()}; border: 1px solid {edge}; padding: 4px;
        selection-background-color: {main}; selection-color: white; }}
    """


def _drawing(name: str) -> str:
    """Of a colour that serves on light and dark: a style sheet cannot colour it. In quotes, for a path with spaces."""
    return f'"{(places.resources() / "icons" / f"{name}.svg").as_posix()}"'


def _palette(*, dark: bool) -> QPalette:
    text = QColor("#ececee" if dark else "#1d1d1f")
    ground = QColor("#1e1e20" if dark else "#ffffff")
    accent = QColor("#3d9bff" if dark else "#0a6cdf")
    control = mixed(ground, text, 0.07)
    palette = QPalette(text, control)
    role = QPalette.ColorRole
    for which, colour in {
        role.Base: ground,
        role.Window: ground,
        role.AlternateBase: mixed(ground, text, 0.04),
        role.Text: text,
        role.WindowText: text,
        role.Button: control,
        role.ButtonText: text,
        role.ToolTipBase: mixed(ground, text, 0.1),
        role.ToolTipText: text,
        role.Highlight: accent,
        role.HighlightedText: QColor("white"),
        role.Accent: accent,
        role.Link: accent,
        role.PlaceholderText: mixed(text, ground, 0.45),
        role.Mid: mixed(ground, text, 0.2),
        role.Light: mixed(ground, text, 0.02),
    }.items():
        palette.setColor(which, colour)
    for which in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, mixed(text, ground, 0.55))
    return palette
