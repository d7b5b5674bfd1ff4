"""Pictures as small tiles: pressed, they are shown large; where they may go again they have a cross in the corner."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStyle, QWidget

from app.numbers import size
from app.window import theme, words
from app.window.buttons import QuietButton
from app.window.icons import icon

SHELF, ALONE, AMONG = QSize(64, 64), QSize(300, 200), QSize(190, 110)
"""Points: of a square while one writes; of one that was said alone, at most; of one among others, all as high."""
_SLENDER = 56
_CROSS = 18
_BADGE = 16


class Tile(QAbstractButton):
    """box: what it has to fit in; a square one is filled, of another the picture keeps its shape, or nearly."""

    removed = Signal()

    def __init__(self, name: str, thumbnail: bytes, parent: QWidget, *, removable: bool, box: QSize = SHELF) -> None:
        super().__init__(parent)
        self.name = name
        self._badge = ""
        self._picture = QPixmap()
        self._picture.loadFromData(thumbnail)
        self._among = box == AMONG
        self._box = QSize(theme.scaled(box.width()), theme.scaled(box.height()))
        self._cross = _Cross(self.tr("Remove {name}").format(name=name), self) if removable else None
        if self._cross is not None:
            self._cross.clicked.connect(self.removed)
            self._cross.installEventFilter(self)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.say("")

    def show_file(self, count: int, pages: int, parts: int) -> None:
        """count: the file's bytes. pages: of a PDF, of which so many parts are shown; 0: it is a picture."""
        if pages:
            self._badge = str(pages) if parts == pages else f"{parts}/{pages}"
            shown = words.tr("pages shown: {n} of {all}").format(n=parts, all=pages)
            self.say(f"{shown}, {size(count)}")
        else:
            self.say(f"{words.tr('picture')}, {size(count)}")

    def say(self, about: str) -> None:
        self.setAccessibleName(f"{self.name}, {about}" if about else self.name)
        self.setAccessibleDescription(self.tr("Shows it large"))
        self.setToolTip(self.accessibleName())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        high = self._box.height()
        if self._box.width() == high or self._picture.isNull():
            return QSize(high, high)
        fitting = self._picture.size().scaled(self._box, Qt.AspectRatioMode.KeepAspectRatio)
        if self._among:
            wide = round(self._picture.width() * high / self._picture.height())
            return QSize(min(self._box.width(), max(_SLENDER, wide)), high)
        return fitting.expandedTo(QSize(_SLENDER, _SLENDER))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        if self._cross is not None:
            wide = theme.scaled(_CROSS)
            place = QRect(self.width() - wide - 3, 3, wide, wide)
            self._cross.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))

    def eventFilter(self, _watched: object, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._removes(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        elif self._cross is None or not self._removes(event):
            super().keyPressEvent(event)

    def _removes(self, event: QKeyEvent) -> bool:
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.removed.emit()
            return True
        return False

    # --- painting -----------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        area = theme.framed(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(area, theme.RADIUS, theme.RADIUS)
        painter.fillPath(shape, colours.fill)
        painter.setClipPath(shape)
        if self._picture.isNull():
            icon("file", colours.secondary).paint(painter, self.rect())
        else:
            painter.drawPixmap(QRectF(self.rect()), self._picture, self._seen())
        if self._badge:
            self._paint_badge(painter)
        painter.setClipping(False)
        painter.setPen(colours.accent if self.hasFocus() else theme.mixed(colours.window, colours.text, 0.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(shape)
        painter.end()

    def _seen(self) -> QRectF:
        """The middle of the picture that has the tile's shape; of pages, which begin at the top, the upper part."""
        whole = self._picture.size()
        part = self.size().scaled(whole, Qt.AspectRatioMode.KeepAspectRatio)
        top = 0 if self._badge else (whole.height() - part.height()) / 2
        return QRectF((whole.width() - part.width()) / 2, top, part.width(), part.height())

    def _paint_badge(self, painter: QPainter) -> None:
        """How many pages; dark in both themes, as pages are white."""
        painter.setFont(theme.small())
        metrics = QFontMetrics(theme.small())
        high = max(_BADGE, metrics.height() + 2)
        wide = metrics.horizontalAdvance(self._badge) + 10
        place = QRect(4, self.height() - high - 4, wide, high)
        there = QStyle.visualRect(self.layoutDirection(), self.rect(), place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(there, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(there, Qt.AlignmentFlag.AlignCenter, self._badge)


class _Cross(QuietButton):
    """On a round ground of its own, so that it is seen on any picture."""

    def __init__(self, words_for_it: str, parent: QWidget) -> None:
        super().__init__("close", words_for_it, parent)
        self.setMinimumSize(theme.scaled(_CROSS), theme.scaled(_CROSS))
        self.setIconSize(QSize(12, 12))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = colours.hover if self.underMouse() or self.isDown() else colours.window
        painter.setPen(colours.accent if self.hasFocus() else theme.mixed(colours.window, colours.text, 0.2))
        painter.setBrush(ground)
        painter.drawEllipse(theme.framed(self.rect()))
        icon("close", colours.text).paint(painter, self.rect().adjusted(4, 4, -4, -4))
        painter.end()
