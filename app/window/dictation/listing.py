"""The list of earlier dictations: its rows as Qt's model, under days, and how a row is painted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from PySide6.QtCore import (
    QCoreApplication,
    QDate,
    QLocale,
    QObject,
    QRect,
    QSize,
    Qt,
    QTime,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.store.dictations import Dictation
from app.window import theme, words
from app.window.icons import icon
from app.window.rows_model import ROW, Index, RowsModel

_SIDE, _INSET = theme.GRID, 10


def tr(text: str) -> str:
    return QCoreApplication.translate("Dictations", text)


@dataclass(frozen=True)
class Entry:
    """working: it is being written down anew. note: about its tidied text."""

    dictation: Dictation
    working: bool = False
    note: str = ""

    @property
    def title(self) -> str:
        return " ".join(self.dictation.text.split()) or self.state or tr("No words were heard")

    @property
    def state(self) -> str:
        if self.working:
            return tr("Writing it down…")
        return tr("Not written down") if self.dictation.failure else ""

    @property
    def about(self) -> str:
        state = [self.state] if self.state and self.dictation.text else []
        return " · ".join([*state, moment(self.dictation.created, headed=True), length(self.dictation.seconds)])


Row = str | Entry


def rows(
    dictations: Sequence[Dictation], working: Collection[int], today: date, nothing: str, note: Callable[[int], str]
) -> list[Row]:
    """Under their days; nothing: what stands there when there are none."""
    if not dictations:
        return [nothing] if nothing else []
    listed: list[Row] = []
    day = ""
    for dictation in dictations:
        if (its := words.day(dictation.created, today)) != day:
            day = its
            listed.append(day)
        listed.append(Entry(dictation, dictation.id in working, note(dictation.id)))
    return listed


def moment(when: float, *, headed: bool = False) -> str:
    """headed: it stands under its day where that is today or yesterday."""
    then, today = datetime.fromtimestamp(when).astimezone(), datetime.now().astimezone().date()
    time = QLocale().toString(QTime(then.hour, then.minute), QLocale.FormatType.ShortFormat)
    near = (today - then.date()).days
    if near <= 1:
        return time if headed else tr("{day}, {time}").format(day=words.day(when, today), time=time)
    form = "ddd d MMM" if then.year == today.year else "d MMM yyyy"
    day = QLocale().toString(QDate(then.year, then.month, then.day), form)
    return tr("{day}, {time}").format(day=day, time=time)


def length(seconds: float) -> str:
    """12 s, 3 min 5 s."""
    whole = max(1, round(seconds))
    if whole < 60:
        return tr("{seconds} s").format(seconds=whole)
    return tr("{minutes} min {seconds} s").format(minutes=whole // 60, seconds=whole % 60)


def dictation_model(parent: QObject) -> RowsModel[Entry]:
    return RowsModel(
        Entry,
        key=lambda entry: entry.dictation.id,
        title=lambda row: row.title if isinstance(row, Entry) else row,
        about=lambda entry: entry.about,
        parent=parent,
    )


class DictationDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802 -- Qt's name
        small = QFontMetrics(theme.small()).height()
        if isinstance(index.data(ROW), Entry):
            return QSize(100, QFontMetrics(theme.body()).height() + small + 16)
        return QSize(100, small + (8 if index.row() == 0 else 18))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, Entry):
            self._paint_entry(painter, option, row)
        else:
            painter.setFont(theme.small())
            painter.setPen(theme.colours().secondary)
            place = option.rect.adjusted(_SIDE + _INSET, 0, -_SIDE, -4)
            painter.drawText(place, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeading, str(row))
        painter.restore()

    def _paint_entry(self, painter: QPainter, option: QStyleOptionViewItem, row: Entry) -> None:
        colours, state = theme.colours(), option.state
        area: QRect = option.rect
        ground = area.adjusted(_SIDE, 1, -_SIDE, -1)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        by_keys = state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange
        painter.setPen(colours.accent if chosen and by_keys else Qt.PenStyle.NoPen)
        painter.setBrush(
            theme.mixed(colours.sidebar, colours.text, 0.11 if chosen else 0.05)
            if chosen or hovered
            else Qt.BrushStyle.NoBrush
        )
        painter.drawRoundedRect(ground, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        place = ground.adjusted(_INSET, 6, -_INSET, -6)
        if row.dictation.failure and not row.working:
            side = QRect(place.right() - 14, place.top(), 16, 16)
            icon("alert", colours.amber).paint(painter, side)
            place.setRight(side.left() - 6)
        self._paint_words(painter, place, row, colours)

    def _paint_words(self, painter: QPainter, place: QRect, row: Entry, colours: theme.Colours) -> None:
        painter.setFont(theme.body())
        painter.setPen(colours.text if row.dictation.text else colours.secondary)
        title = QFontMetrics(theme.body()).elidedText(row.title, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading, title)
        painter.setFont(theme.small())
        painter.setPen(colours.secondary)
        about = QFontMetrics(theme.small()).elidedText(row.about, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeading, about)
