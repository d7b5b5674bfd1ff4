"""Files as chips: an icon, a name, how much it is, and where it may go again a cross. In rows, as many as fit."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from app.numbers import size
from app.window import theme, words
from app.window.buttons import quiet_button
from app.window.icons import icon, side
from app.window.tiles import Tile

_WIDEST = 260
_GAP = 6


class Chip(QWidget):
    """removed: by its cross or the keys; only where it was made removable."""

    removed = Signal()

    def __init__(self, name: str, parent: QWidget, *, removable: bool) -> None:
        super().__init__(parent)
        self.name = name
        self._size = ""
        self._cross = quiet_button("close", self.tr("Remove {name}").format(name=name), self) if removable else None
        if self._cross is not None:
            self._cross.setFixedSize(22, 22)
            self._cross.clicked.connect(self.removed)
            self._cross.installEventFilter(self)
        self.setToolTip(name)
        self.say(words.tr("Reading…"))

    def show_size(self, count: int) -> None:
        """Of the file, in bytes."""
        self.say(size(count))

    def say(self, about: str) -> None:
        self._size = about
        self.setAccessibleName(f"{self.name}, {about}")
        self.resize(self.sizeHint())
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 -- Qt's name
        metrics, small = QFontMetrics(theme.body()), QFontMetrics(theme.small())
        cross = 20 if self._cross is not None else 4
        words = metrics.horizontalAdvance(self.name) + 7 + small.horizontalAdvance(self._size)
        wide = 8 + side() + 5 + words + 6 + cross
        return QSize(min(theme.scaled(_WIDEST), wide), metrics.height() + 10)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        if self._cross is not None:
            place = QRect(self.width() - 25, (self.height() - 22) // 2, 22, 22)
            self._cross.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))

    def eventFilter(self, _watched: object, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() not in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            return False
        self.removed.emit()
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.fill)
        painter.drawRoundedRect(theme.framed(self.rect()), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        self._paint_icon(painter, colours)
        small = QFontMetrics(theme.small())
        about = small.horizontalAdvance(self._size)
        left, cross = 8 + side() + 5, 26 if self._cross is not None else 8
        room = self.width() - left - cross - about - 6
        painter.setPen(colours.text)
        painter.setFont(theme.body())
        name = QFontMetrics(theme.body()).elidedText(self.name, Qt.TextElideMode.ElideMiddle, room)
        self._paint_words(painter, QRect(left, 0, room + 2, self.height()), name, Qt.AlignmentFlag.AlignLeft)
        painter.setPen(colours.secondary)
        painter.setFont(theme.small())
        place = QRect(self.width() - cross - about - 1, 0, about + 2, self.height())
        self._paint_words(painter, place, self._size, Qt.AlignmentFlag.AlignRight)
        painter.end()

    def _paint_icon(self, painter: QPainter, colours: theme.Colours) -> None:
        place = QRect(7, 0, side(), self.height())
        icon("file", colours.secondary).paint(painter, QStyle.visualRect(self.layoutDirection(), self.rect(), place))

    def _paint_words(self, painter: QPainter, place: QRect, text: str, side: Qt.AlignmentFlag) -> None:
        there = QStyle.visualRect(self.layoutDirection(), self.rect(), place)
        painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # 4 MB stays 4 MB
        painter.drawText(there, QStyle.visualAlignment(self.layoutDirection(), side | Qt.AlignmentFlag.AlignVCenter),
                         text)  # fmt: skip


class Chips(QWidget):
    """Rows of tiles, then of chips, which are lower. at_end: where lines end, as what the person said does."""

    def __init__(self, parent: QWidget, *, at_end: bool = False) -> None:
        super().__init__(parent)
        self._at_end = at_end
        self._chips: list[Chip | Tile] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def add(self, chip: Chip | Tile, instead_of: Chip | Tile | None = None) -> None:
        """At the end, or in the place of another."""
        chip.setParent(self)
        chip.show()
        at = len(self._chips) if instead_of is None else self._chips.index(instead_of)
        self._chips.insert(at, chip)
        if instead_of is not None:
            self.take(instead_of)
        self.settle()

    def take(self, chip: Chip | Tile) -> None:
        self._chips.remove(chip)
        chip.hide()
        chip.deleteLater()
        self.settle()

    def settle(self) -> None:
        """Places them; call it when one changed."""
        self.setVisible(bool(self._chips))
        top = 0
        for row in self._rows():
            height = max(chip.sizeHint().height() for chip in row)
            wide = sum(chip.width() for chip in row) + _GAP * (len(row) - 1)
            left = self.width() - wide if self._at_end else 0
            for chip in row:
                place = QRect(left, top + height - chip.height(), chip.width(), chip.height())
                chip.setGeometry(QStyle.visualRect(self.layoutDirection(), self.rect(), place))
                left += chip.width() + _GAP
            top += height + _GAP
        if self.height() != max(0, top - _GAP):
            self.setFixedHeight(max(0, top - _GAP))

    def _rows(self) -> list[list[Chip | Tile]]:
        rows: list[list[Chip | Tile]] = []
        left = 0
        for chip in sorted(self._chips, key=lambda chip: isinstance(chip, Chip)):
            chip.resize(min(chip.sizeHint().width(), max(60, self.width())), chip.sizeHint().height())
            another = bool(rows) and isinstance(chip, Chip) is not isinstance(rows[-1][0], Chip)
            if not rows or another or left + chip.width() > self.width():
                rows.append([])
                left = 0
            rows[-1].append(chip)
            left += chip.width() + _GAP
        return rows

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        self.settle()
