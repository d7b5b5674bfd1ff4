"""A line to search with: a glass in front, a cross to clear it, both as large as the text asks for."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLineEdit, QProxyStyle, QStyle, QStyleOption, QWidget

from app.window import theme
from app.window.icons import icon, side


class _Sides(QProxyStyle):
    """Qt has one size for the icons of a line, whatever its text."""

    def pixelMetric(  # noqa: N802 -- Qt's name
        self, metric: QStyle.PixelMetric, option: QStyleOption | None = None, widget: QWidget | None = None
    ) -> int:
        if metric is QStyle.PixelMetric.PM_LineEditIconSize:
            return side()
        return super().pixelMetric(metric, option, widget)


class SearchField(QLineEdit):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(False)  # a file let go over it is meant for the window, not for its address to be searched
        style = _Sides()
        style.setParent(self)
        self.setStyle(style)
        self._glass = self.addAction(self._drawn(), QLineEdit.ActionPosition.LeadingPosition)
        self.setClearButtonEnabled(True)

    def _drawn(self) -> QIcon:
        return icon("search", theme.colours().secondary)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_glass"):
            self._glass.setIcon(self._drawn())
