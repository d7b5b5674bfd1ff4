"""The sidebar: search on top, chats under it, a new one at the bottom. Asks its owner for what changes chats."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QListView, QVBoxLayout, QWidget

from app.store.store import Store
from app.window import theme
from app.window.rows_model import ROW
from app.window.search_field import SearchField
from app.window.sidebar import rows
from app.window.sidebar.chat_list import ChatList
from app.window.sidebar.delegate import ChatDelegate
from app.window.sidebar.model import chat_model
from app.window.sidebar.new_button import NewButton
from app.window.sidebar.renaming import Renaming
from app.window.sidebar.rows import Entry, Heading

_SEARCH_MS = 120


class Sidebar(QWidget):
    """chosen: chat and the message that a search found in it, 0 for none. menu_wanted: a chat, and where. renamed,
    folder_renamed: with the name that the person wrote. moved: a chat was dragged to the group under a Heading.
    """

    chosen = Signal(int, int)
    menu_wanted = Signal(int, QPoint)
    folder_menu_wanted = Signal(int, QPoint)
    deletion_wanted = Signal(int)
    renamed = Signal(int, str)
    folder_renamed = Signal(int, str)
    moved = Signal(int, object)
    new_wanted = Signal()

    def __init__(self, store: Store, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._shown: int | None = None
        self._target = False
        self.search = SearchField(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search all chats"))
        self.search.installEventFilter(self)
        self.list = self._made_list()
        self._renaming = Renaming(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.GRID, 0, theme.GRID)
        column.setSpacing(theme.GRID)
        inset = QVBoxLayout()
        inset.setContentsMargins(theme.GRID, 0, theme.GRID, 0)
        inset.addWidget(self.search)
        column.addLayout(inset)
        column.addWidget(self.list, 1)
        new = NewButton(self.tr("New Chat"), self)
        new.clicked.connect(self.new_wanted)
        column.addWidget(new)
        self._wait = QTimer(self, singleShot=True, interval=_SEARCH_MS)
        self._wait.timeout.connect(self.refresh)
        self.search.textChanged.connect(lambda _text: self._wait.start())

    def _made_list(self) -> ChatList:
        view = ChatList(self)
        view.dropped.connect(self.moved)
        view.let_go.connect(lambda: self.show_chosen(self._shown))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setAccessibleName(self.tr("Chats"))
        self._model = chat_model(view)
        view.setModel(self._model)
        view.setItemDelegate(ChatDelegate(view))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.viewport().setAutoFillBackground(False)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._ask_menu)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        view.installEventFilter(self)
        return view

    # --- content ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """From the store, keeping what is chosen."""
        text = self.search.text().strip()
        if text:
            self._model.show_rows(rows.found(self._store.search.find(text)))
        else:
            today = datetime.now().astimezone().date()
            self._model.show_rows(rows.grouped(self._store.chats.all(), self._store.chats.folders(), today))
        self.show_chosen(self._shown)
        self._renaming.follow()

    def rename(self, chat: int) -> None:
        """In its row; the person writes."""
        if self._model.row_of(chat) is None:
            self.search.clear()
            self.refresh()
        title = next((entry.title for entry in self._model.entries() if entry.chat == chat), "")
        words = self.tr("Title of the chat")
        self._renaming.begin(lambda: self._index(self._model.row_of(chat)), title, words,
                             lambda text: self.renamed.emit(chat, text))  # fmt: skip

    def stop_renaming(self) -> None:
        self._renaming.finish(keep=False)

    def rename_folder(self, folder: int) -> None:
        """In its heading."""
        if self.search.text():
            self.search.clear()
            self.refresh()
        heading = self._heading(folder)
        before = heading.data(ROW).text if heading is not None else ""
        words = self.tr("Name of the folder")
        self._renaming.begin(lambda: self._heading(folder), before, words,
                             lambda text: self.folder_renamed.emit(folder, text))  # fmt: skip

    def _index(self, row: int | None) -> QModelIndex | None:
        return None if row is None else self._model.index(row)

    def _heading(self, folder: int) -> QModelIndex | None:
        rows = (self._model.index(number) for number in range(self._model.rowCount()))
        return next(
            (row for row in rows if isinstance(row.data(ROW), Heading) and row.data(ROW).folder == folder), None
        )

    def show_chosen(self, chat: int | None) -> None:
        self._shown = chat
        row = self._model.row_of(chat)
        if row is None:
            self.list.setCurrentIndex(QModelIndex())
        else:
            self.list.setCurrentIndex(self._model.index(row))

    def neighbour(self, chat: int) -> int | None:
        """The chat to show when this one goes."""
        chats = [entry.chat for entry in self._model.entries()]
        if chat not in chats:
            return None
        at = chats.index(chat)
        return next(iter(chats[at + 1 : at + 2] or chats[at - 1 : at]), None)

    def step(self, by: int) -> None:
        """The chat before or after the one that is shown."""
        entries = self._model.entries()
        chats = [entry.chat for entry in entries]
        at = chats.index(self._shown) + by if self._shown in chats else 0
        if 0 <= at < len(entries):
            self._open(entries[at])

    # --- the person ---------------------------------------------------------------------------------------

    def _choose(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Entry):
            self._open(row)

    def _open(self, entry: Entry) -> None:
        self.chosen.emit(entry.chat, entry.message or 0)

    def _ask_menu(self, place: QPoint) -> None:
        row = self.list.indexAt(place).data(ROW) if self.list.indexAt(place).isValid() else None
        there = self.list.viewport().mapToGlobal(place)
        if isinstance(row, Entry):
            self.menu_wanted.emit(row.chat, there)
        elif isinstance(row, Heading) and row.folder is not None:
            self.folder_menu_wanted.emit(row.folder, there)

    def eventFilter(self, watched: object, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(watched, Qt.Key(event.key()))
        return False

    def _key(self, watched: object, key: Qt.Key) -> bool:
        """From the search down into the list; in the list open, delete and rename."""
        if watched is self.search:
            return self._key_in_search(key)
        row = self.list.currentIndex().data(ROW) if self.list.currentIndex().isValid() else None
        if not isinstance(row, Entry):
            return False
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:  # Qt's lists do nothing with it on a Mac
            self._open(row)
        elif key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.deletion_wanted.emit(row.chat)
        elif key == Qt.Key.Key_F2:
            self.rename(row.chat)
        else:
            return False
        return True

    def _key_in_search(self, key: Qt.Key) -> bool:
        entries = self._model.entries()
        if key == Qt.Key.Key_Down and entries:
            self.list.setFocus()
            self.show_chosen(entries[0].chat)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and entries:
            self.refresh()
            self._open(self._model.entries()[0])
        elif key == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        else:
            return False
        return True

    # --- looks --------------------------------------------------------------------------------------------

    def set_target(self, target: bool) -> None:
        """Chats hover over the list: this is where they go."""
        if target != self._target:
            self._target = target
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.sidebar)
        if self._target:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(colours.accent)
            painter.setBrush(theme.mixed(colours.sidebar, colours.accent, 0.08))
            painter.drawRoundedRect(
                theme.framed(self.list.geometry().adjusted(4, 0, -4, 0)), theme.RADIUS, theme.RADIUS
            )
        painter.end()
