"""Light or dark, and how large text is: the person's wish over the system's, for every window at once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from app.window import theme
from app.window.preferences import Preferences

_SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}


class Looks(QObject):
    """Make it before the windows: they take their measures from the text's size."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self._system = QGuiApplication.font().pointSizeF()
        self._shown = ("system", 100)
        preferences.changed.connect(self.apply)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)
        self.apply()

    def apply(self) -> None:
        """Does nothing while neither was changed."""
        (appearance, size), wanted = self._shown, self._wanted()
        self._shown = wanted
        if wanted[0] != appearance:
            QGuiApplication.styleHints().setColorScheme(_SCHEMES.get(wanted[0], Qt.ColorScheme.Unknown))
            self._dress()
        if wanted[1] != size:
            self._resize(wanted[1] / size)

    def end(self) -> None:
        """The system's own again, for whoever uses this application next."""
        if self._shown[1] != 100:
            font = QFont(QGuiApplication.font())
            font.setPointSizeF(self._system)
            QApplication.setFont(font)

    def _wanted(self) -> tuple[str, int]:
        now = self._preferences.now
        return now.appearance, min(300, max(50, now.text_size))

    def _dress(self) -> None:
        theme.dress({"light": False, "dark": True}.get(self._shown[0]))

    def _resize(self, factor: float) -> None:
        """The application's font, and those that widgets were given of their own."""
        font = QFont(QGuiApplication.font())
        font.setPointSizeF(self._system * self._shown[1] / 100)
        own = [(widget, QFont(widget.font())) for widget in QApplication.allWidgets() if _has_own(widget)]
        QApplication.setFont(font)
        self._dress()  # a style sheet would keep the old font
        for widget, before in own:
            widget.setFont(_scaled(before, factor))
        for widget in QApplication.allWidgets():
            _tell(widget)


def _has_own(widget: QWidget) -> bool:
    return widget.testAttribute(Qt.WidgetAttribute.WA_SetFont)


def _scaled(font: QFont, factor: float) -> QFont:
    scaled = QFont(font)
    scaled.setPointSizeF(max(6.0, font.pointSizeF() * factor))
    return scaled


def _tell(widget: QWidget) -> None:
    """What is drawn by hand takes its fonts when it is told of another look."""
    QCoreApplication.sendEvent(widget, QEvent(QEvent.Type.PaletteChange))
    widget.updateGeometry()
    widget.update()
