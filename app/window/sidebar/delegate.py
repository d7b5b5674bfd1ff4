"""How a row of the list is painted: a small grey heading, or a title with what was found under it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.store.rows import MARK_OFF, MARK_ON
from app.window import direction, theme
from app.window.icons import icon, side
from app.window.rows_model import ROW
from app.window.sidebar.rows import Entry, Heading

_SIDE = theme.GRID
_INSET = 10
Index = QModelIndex | QPersistentModelIndex


class ChatDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 -- Qt's name
        row = index.data(ROW)
        line = QFontMetrics(theme.body()).height()
        if isinstance(row, Heading):
            return QSize(100, QFontMetrics(theme.small()).height() + (8 if index.row() == 0 else 18))
        lines = QFontMetrics(theme.small()).height() + 2 if isinstance(row, Entry) and row.snippet else 0
        return QSize(100, line + lines + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect
        if isinstance(row, Heading):
            self._paint_heading(painter, area, row)
        else:
            self._paint_entry(painter, area, row, option)
        painter.restore()

    def _paint_heading(self, painter: QPainter, area: QRect, row: Heading) -> None:
        painter.setFont(theme.small())
        painter.setPen(theme.colours().secondary)
        place = area.adjusted(_SIDE + _INSET, 0, -_SIDE - _INSET, -4)
        words = QFontMetrics(theme.small()).elidedText(row.text, Qt.TextElideMode.ElideRight, place.width())
        direction.draw(painter, place, words, Qt.AlignmentFlag.AlignBottom)

    def _paint_entry(self, painter: QPainter, area: QRect, row: Entry, option: QStyleOptionViewItem) -> None:
        colours = theme.colours()
        state: QStyle.StateFlag = option.state
        ground = area.adjusted(_SIDE, 1, -_SIDE, -1)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.mixed(colours.sidebar, colours.text, 0.11))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(theme.mixed(colours.sidebar, colours.text, 0.05))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        focused = state & QStyle.StateFlag.State_HasFocus
        painter.setPen(colours.accent if focused else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(ground, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        place = ground.adjusted(_INSET, 5, -_INSET, -5)
        if row.pinned:
            way, whole = painter.layoutDirection(), place
            wide, high = side() - 2, QFontMetrics(theme.body()).height()
            pin, place = QRect(whole.right() + 2 - wide, whole.top(), wide, high), whole.adjusted(0, 0, -wide - 3, 0)
            icon("pin", colours.secondary).paint(painter, QStyle.visualRect(way, whole, pin))
            place = QStyle.visualRect(way, whole, place)
        self._paint_words(painter, place, row, colours)

    def _paint_words(self, painter: QPainter, place: QRect, row: Entry, colours: theme.Colours) -> None:
        painter.setFont(theme.body())
        painter.setPen(colours.text)
        title = QFontMetrics(theme.body()).elidedText(row.title, Qt.TextElideMode.ElideRight, place.width())
        direction.draw(painter, place, title, Qt.AlignmentFlag.AlignTop)
        if row.snippet:
            self._paint_snippet(painter, place, row.snippet, colours)

    def _paint_snippet(self, painter: QPainter, place: QRect, snippet: str, colours: theme.Colours) -> None:
        """One line, from a little before the first hit; hits in the text's full colour."""
        font = theme.small()
        metrics = QFontMetrics(font)
        painter.setFont(font)
        bottom, used = place.bottom() - metrics.descent(), 0
        mirrored = direction.reads_right_to_left(snippet)
        for words, hit in _cut(snippet):
            shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, place.width() - used)
            width = metrics.horizontalAdvance(shown)
            painter.setPen(colours.text if hit else colours.secondary)
            painter.drawText(place.right() - used - width if mirrored else place.left() + used, bottom, shown)
            used += width
            if shown != words:
                return


def _cut(snippet: str) -> list[tuple[str, bool]]:
    """Pieces of the snippet and whether each is a hit; what stands long before the first one is left out."""
    flat = " ".join(snippet.split())
    before, _, rest = flat.partition(MARK_ON)
    if len(before) > 18:
        before = "…" + before[-18:].partition(" ")[2]
    pieces = [(before, False)]
    for part in rest.split(MARK_ON):
        hit, _, after = part.partition(MARK_OFF)
        pieces += [(hit, True), (after, False)]
    return [(words, hit) for words, hit in pieces if words]
