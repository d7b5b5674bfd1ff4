"""The window of earlier dictations: found by their words, copied, written down anew, deleted. Decides nothing."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QPaintEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLabel, QListView, QVBoxLayout, QWidget

from app.dictation.recognisers import choices
from app.store.store import Store
from app.window import theme
from app.window.dictation.detail import Detail
from app.window.dictation.dictating import Dictating
from app.window.dictation.listing import DictationDelegate, Entry, dictation_model, rows
from app.window.models import Models
from app.window.notice import Notice
from app.window.rows_model import ROW
from app.window.search_field import SearchField
from engine.errors import KnownError

_SEARCH_MS = 120
_LIST = 280


class HistoryWindow(QDialog):
    settings_wanted = Signal()

    def __init__(
        self, store: Store, dictating: Dictating, models: Models, hint: str, parent: QWidget | None = None
    ) -> None:
        """hint: how one dictates, said where nothing was dictated yet."""
        super().__init__(parent)
        self._store, self._dictating, self._models, self._hint = store, dictating, models, hint
        self.setWindowTitle(self.tr("Dictations"))
        self.resize(theme.scaled(800), 520)
        self.setMinimumSize(560, 320)
        self.search = SearchField(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search all dictations"))
        self.list = self._made_list()
        self.detail = Detail(self)
        self.notice = Notice(self)
        self._empty, self._how = QWidget(self), QLabel(self)
        self._blank = QWidget(self)
        self._wait = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._wait.timeout.connect(self.refresh)
        self._lay_out()
        self._connect()

    def _made_list(self) -> QListView:
        view = QListView(self)
        self._model = dictation_model(view)
        view.setModel(self._model)
        view.setItemDelegate(DictationDelegate(view))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setSelectionMode(QListView.SelectionMode.SingleSelection)
        view.setMouseTracking(True)
        view.viewport().setAutoFillBackground(False)
        view.setAccessibleName(self.tr("Dictations"))
        view.installEventFilter(self)
        return view

    def _lay_out(self) -> None:
        self._side = QWidget(self)
        self._side.setFixedWidth(theme.scaled(_LIST))
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, theme.GRID + 4, 0, theme.GRID)
        side.setSpacing(theme.GRID)
        inset = QVBoxLayout()
        inset.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        inset.addWidget(self.search)
        side.addLayout(inset)
        side.addWidget(self.list, 1)
        self._lay_out_empty()
        right = QWidget(self)
        main = QVBoxLayout(right)
        main.setContentsMargins(0, 0, 0, 0)
        main.setSpacing(0)
        main.addWidget(self.detail, 1)
        main.addWidget(self._empty, 1)
        main.addWidget(self._blank, 1)
        told = QHBoxLayout()
        told.setContentsMargins(24, 0, 24, 12)
        told.addWidget(self.notice)
        main.addLayout(told)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._side)
        row.addWidget(right, 1)

    def _lay_out_empty(self) -> None:
        nothing = QLabel(self.tr("Nothing was dictated yet"), self._empty)
        nothing.setFont(theme.title())
        self._how.setText(self._hint)
        self._how.setWordWrap(True)
        column = QVBoxLayout(self._empty)
        column.setContentsMargins(48, 24, 48, 24)
        column.setSpacing(theme.GRID)
        column.addStretch(1)
        for label in (nothing, self._how):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch(1)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._wait.start())
        self.search.installEventFilter(self)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._show_chosen())
        self.detail.retried.connect(self._retry)
        self.detail.deleted.connect(self.delete)
        self.detail.said.connect(self.notice.tell)
        self._dictating.listed.connect(self.refresh)
        self._models.changed.connect(self._show_chosen)
        for keys, act in (
            (QKeySequence.StandardKey.Close, self.close),
            (QKeySequence.StandardKey.Find, self._begin_search),
        ):
            QShortcut(QKeySequence(keys), self, act)

    # --- what is shown ------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 -- Qt's name
        super().showEvent(event)
        self.refresh()
        if self.chosen() is None:
            self._choose(None)
        self.list.setFocus()

    def refresh(self) -> None:
        """From the store, keeping what is chosen; when that is gone, its neighbour."""
        self._wait.stop()
        if not self.isVisible():
            return
        before = self.chosen()
        order = [entry.dictation.id for entry in self._model.entries()]
        text = self.search.text().strip()
        found = self._store.dictations.find(text) if text else self._store.dictations.all()
        today = datetime.now().astimezone().date()
        nothing = self.tr("Nothing found") if text else ""
        self._model.show_rows(rows(found, self._dictating.working(), today, nothing, self._dictating.note))
        self._choose(before.dictation.id if before is not None else None, order)

    def _choose(self, dictation: int | None, order: list[int] | None = None) -> None:
        """The one, or the next of those that were there, or the first."""
        order = order or []
        at = order.index(dictation) if dictation in order else 0
        for candidate in [*([dictation] if dictation is not None else []), *order[at:], *order[:at][::-1]]:
            if (row := self._model.row_of(candidate)) is not None:
                break
        else:
            first = next(iter(self._model.entries()), None)
            row = self._model.row_of(first.dictation.id) if first is not None else None
        self.list.setCurrentIndex(QModelIndex() if row is None else self._model.index(row))
        self._show_chosen()

    def choose(self, dictation: int) -> None:
        self.search.clear()
        self.refresh()
        self._choose(dictation)

    def chosen(self) -> Entry | None:
        row = self.list.currentIndex().data(ROW) if self.list.currentIndex().isValid() else None
        return row if isinstance(row, Entry) else None

    def _show_chosen(self) -> None:
        entry = self.chosen()
        self.detail.show_entry(entry, choices(self._models.installed))
        nothing_yet = entry is None and not self.search.text().strip()
        self._empty.setVisible(nothing_yet)
        self._blank.setVisible(entry is None and not nothing_yet)
        self._how.setStyleSheet(f"color: {theme.colours().secondary.name()}")

    # --- what is done -------------------------------------------------------------------------------------

    def _retry(self, recogniser: str) -> None:
        entry = self.chosen()
        if entry is not None:
            try:
                self._dictating.retry(entry.dictation.id, recogniser)
            except KnownError as error:
                self.notice.tell(str(error))

    def delete(self) -> None:
        """With undo; for good when the notice goes."""
        entry = self.chosen()
        if entry is None:
            return
        ids = [entry.dictation.id]
        self._dictating.delete(ids)

        def undo() -> None:
            self._dictating.undelete(ids)
            self._choose(ids[0])

        self.notice.tell(self.tr("Deleted the dictation."), self.tr("Undo"), undo, self._dictating.tidy)

    def _begin_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        """From the search into the list; in the list, Return copies and Delete deletes."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key = Qt.Key(event.key())
        if watched is self.search:
            return self._key_in_search(key)
        if event.matches(QKeySequence.StandardKey.Copy) or key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.detail.copy_text()
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.delete()
        else:
            return False
        return True

    def _key_in_search(self, key: Qt.Key) -> bool:
        if key in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.refresh()
            self.list.setFocus()
        elif key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        else:
            return False
        return True

    def end(self) -> None:
        """With the app."""
        self._wait.stop()
        self.notice.end()
        self.close()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        """The list's side is a little darker, as the window's."""
        colours = theme.colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.window)
        painter.fillRect(self._side.geometry(), colours.sidebar)
        painter.setPen(colours.line)
        edge = self._side.geometry().right()
        painter.drawLine(edge, 0, edge, self.height())
        painter.end()
