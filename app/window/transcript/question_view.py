"""What the person said: a bubble on the right. Tells what is wanted by signals; does none of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.store.rows import Attached, Placed
from app.window import theme
from app.window.buttons import quiet_button
from app.window.chips import Chip, Chips
from app.window.tiles import ALONE, AMONG, Tile
from app.window.transcript.formats import Formats
from app.window.transcript.message_view import MessageView
from app.window.transcript.text_view import TextView

_BUBBLE_SHARE = 0.85

Thumbnails = Callable[[int], Sequence[bytes]]
"""Of a message's files, one each, by the message's id."""


def no_thumbnails(_message: int) -> Sequence[bytes]:
    return ()


class Bubble(QWidget):
    """A soft ground with round corners. It is painted: a style sheet of its own costs each message two milliseconds."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.colour = theme.colours().fill

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour)
        painter.drawRoundedRect(self.rect(), theme.RADIUS, theme.RADIUS)
        painter.end()


class Question(MessageView):
    """What the person said: a bubble on the right, as wide as its words."""

    def __init__(
        self, placed: Placed, formats: Formats, parent: QWidget | None = None, thumbnails: Thumbnails = no_thumbnails
    ) -> None:
        super().__init__(placed, formats, parent)
        self._column.setContentsMargins(0, 2 * theme.GRID, 0, 0)  # further from the answer before than from its own
        self._column.addWidget(self._files(thumbnails))
        self._bubble = Bubble(self)
        inside = QVBoxLayout(self._bubble)
        inside.setContentsMargins(14, 9, 14, 9)
        self._text = TextView(formats, self._bubble)
        self._text.setAccessibleName(self.tr("You said"))
        self._text.say(placed.message.text)
        metrics = QFontMetricsF(formats.body)
        self._ideal = int(max(map(metrics.horizontalAdvance, placed.message.text.split("\n")))) + 6
        inside.addWidget(self._text)
        self._column.addWidget(self._bubble, 0, Qt.AlignmentFlag.AlignRight)
        self._bubble.setVisible(bool(placed.message.text))
        self._fill_actions()
        self._column.addWidget(self._actions)
        self.dress(formats)

    def _files(self, thumbnails: Thumbnails) -> Chips:
        chips = Chips(self, at_end=True)
        attached = self.placed.message.attached
        small = thumbnails(self.id) if any(file.is_seen for file in attached) else ()
        for number, file in enumerate(attached):
            if file.is_seen:
                chips.add(self._tile(number, small[number], AMONG if len(attached) > 1 else ALONE, chips))
            else:
                chips.add(self._chip(file, chips))
        return chips

    def _chip(self, file: Attached, chips: Chips) -> Chip:
        chip = Chip(file.name, chips, removable=False)
        chip.show_size(file.bytes)
        return chip

    def _tile(self, number: int, thumbnail: bytes, box: QSize, chips: Chips) -> Tile:
        file = self.placed.message.attached[number]
        tile = Tile(file.name, thumbnail, chips, removable=False, box=box)
        tile.show_file(file.bytes, file.pages, file.parts)
        tile.clicked.connect(lambda: self.opened.emit(self.id, number))
        return tile

    def _fill_actions(self) -> None:
        self._actions.row.addStretch()
        edit = quiet_button("edit", self.tr("Edit and send again"), self)
        edit.clicked.connect(lambda: self.edited.emit(self.id))
        for button in (edit, self._copy_button(), self._delete_button()):
            self._actions.add(button)
        if walker := self._walker():
            self._actions.row.addWidget(walker)

    def dress(self, formats: Formats) -> None:
        self._formats = formats
        self._bubble.colour = formats.colours.fill
        self._bubble.update()

    def fit(self, width: int) -> None:
        """As wide as its longest line, up to a share of the column."""
        most = int(width * _BUBBLE_SHARE) - 28
        self._text.setFixedWidth(max(8, min(most, self._ideal)))

    def texts(self) -> list[TextView]:
        return [self._text]
