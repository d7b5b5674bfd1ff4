"""The window: list, chat and monitor side by side. Puts them together and brings what one asks for to the other."""

from __future__ import annotations

from importlib import metadata

from PySide6.QtCore import QByteArray, QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMessageBox, QWidget

from app.store.rows import Folder, Role
from app.store.store import Store
from app.window import tab_order, theme
from app.window.answers import Answers
from app.window.chat_actions import ChatActions
from app.window.chat_pane import ChatPane
from app.window.conversation import Conversation
from app.window.dropping import Dropping
from app.window.menus import Menus
from app.window.models import Models
from app.window.monitor.pane import MonitorPane
from app.window.monitor.strip import Strip
from app.window.side_panel import SidePanel
from app.window.sidebar.sidebar import Sidebar
from engine import logs

_NARROW = 700
"""Pixels beside the monitor under which the list gives way."""


_LEAST_CHAT = 320
_SHOWN = "shown chat"


class MainWindow(QMainWindow):
    """models_wanted: the person wants to see or get models. settings_wanted: to see or change settings.
    quit_wanted: to end Cadre. prompt_wanted: the quick prompt. dictation_wanted: to begin or end one here;
    dictations_wanted: to see earlier ones. silence_wanted: nothing is to be read aloud.
    text_size_wanted: larger (1), smaller (-1) or as the system has it (0).
    """

    models_wanted = Signal()
    settings_wanted = Signal()
    quit_wanted = Signal()
    prompt_wanted = Signal()
    dictation_wanted = Signal()
    dictations_wanted = Signal()
    text_size_wanted = Signal(int)
    silence_wanted = Signal()

    def __init__(self, store: Store, answers: Answers, models: Models) -> None:
        super().__init__()
        self._store, self._answers, self._models = store, answers, models
        self._narrow = False
        self._before: int | None = None
        self._shown = self._shown_before = ""
        self.conversation = Conversation(store, answers, models, self)
        self.sidebar = Sidebar(store)
        self.pane = ChatPane(store, answers, models, self.conversation)
        self.monitor = MonitorPane()
        self.strip = Strip(self.pane)
        self.pane.layout().addWidget(self.strip)  # type: ignore[union-attr]
        self._left = SidePanel(self.sidebar, theme.scaled(theme.SIDEBAR), Qt.Edge.RightEdge)
        self._right = SidePanel(self.monitor, theme.scaled(theme.MONITOR), Qt.Edge.LeftEdge)
        self.actions_on_chats = ChatActions(store, self, self.pane.notice.tell)
        self._lay_out()
        self.dropping = Dropping(self, self.sidebar, self.pane, self.actions_on_chats.bring_in)
        self.menus = Menus(self)
        self._connect()
        self._restore()
        self.sidebar.refresh()

    def _lay_out(self) -> None:
        whole = QWidget(self)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._left)
        row.addWidget(self.pane, 1)
        row.addWidget(self._right)
        self.setCentralWidget(whole)
        self.setMinimumSize(420, 360)

    def _connect(self) -> None:
        self.sidebar.chosen.connect(self.open_chat)
        self.sidebar.new_wanted.connect(self.new_chat)
        self.sidebar.deletion_wanted.connect(self.delete_chat)
        self.sidebar.renamed.connect(self.actions_on_chats.rename)
        self.sidebar.folder_renamed.connect(self.actions_on_chats.rename_folder)
        self.sidebar.moved.connect(self.actions_on_chats.put_under)
        self.sidebar.menu_wanted.connect(self._pop_up)
        self.sidebar.folder_menu_wanted.connect(lambda folder, at: self.menus.folder_menu(folder).popup(at))
        self.pane.header.sidebar_wanted.connect(self.toggle_sidebar)
        self.pane.header.monitor_wanted.connect(self.toggle_monitor)
        self.pane.empty.asked.connect(self._demonstrate)
        self.pane.empty.model_wanted.connect(self.models_wanted)
        self.pane.settings.models_wanted.connect(self.models_wanted)
        self.pane.composer.advice.models_wanted.connect(self.models_wanted)
        self.pane.settings.model_chosen.connect(lambda model: self._store.chats.keep("model", model))
        self.pane.shown.connect(self._watch)
        self.pane.composer.field.escaped.connect(self.silence_wanted)
        self.monitor.closed.connect(self.toggle_monitor)
        self.strip.clicked.connect(self.toggle_monitor)
        self.conversation.listed.connect(self._list)
        self._answers.moved.connect(self._show_answer)
        self._answers.ended.connect(self._end)
        self.actions_on_chats.changed.connect(self._list)
        self.actions_on_chats.folder_made.connect(self.rename_folder)
        self.actions_on_chats.brought.connect(self._show_brought)
        self.actions_on_chats.gone.connect(self._leave_gone)

    def _list(self) -> None:
        self.sidebar.refresh()
        self._show_chosen()

    def _show_chosen(self) -> None:
        self.sidebar.show_chosen(self.conversation.chat)
        self.pane.show_settings()
        about = self.conversation.about()
        self.setWindowTitle(about.title if about and about.title else "Cadre")
        shown = str(about.id) if about else ""
        if shown != self._shown:
            self._shown = shown
            self._store.chats.keep(_SHOWN, shown)

    # --- chats --------------------------------------------------------------------------------------------

    def open_chat(self, chat: int | None, message: int = 0) -> None:
        self.pane.open(chat, message)
        self._show_chosen()

    def open_as_before(self) -> None:
        """The chat that was shown when the last run ended."""
        before = self._shown_before
        if before.isdecimal() and self._store.chats.is_there(int(before)):
            self.open_chat(int(before))

    def _demonstrate(self, text: str) -> None:
        """Asks the demonstration, and shows what goes on; what was being written stays."""
        if not self._right.is_open:
            self.toggle_monitor()
        self.conversation.demonstrate(text)
        self.pane.composer.flush()
        self.pane.show_settings()
        self.pane.set_focus()  # else Qt gives it to whatever comes after the button that went

    def read_last_aloud(self) -> None:
        """Or stops reading it."""
        answers = [placed.message.id for placed in self.conversation.path() if placed.message.role is Role.ASSISTANT]
        if answers:
            self.pane.transcript.read_aloud.emit(answers[-1])

    def new_chat(self) -> None:
        self.open_chat(None)

    def delete_chat(self, chat: int) -> None:
        """Hidden at once, gone for good when the notice goes."""
        self.sidebar.stop_renaming()
        running = self._answers.running_in(chat)
        if running is not None:
            self._answers.stop(running.message.id)
        title = self._store.chats.get(chat).title
        follower = self.sidebar.neighbour(chat)
        self._store.chats.delete([chat])
        if chat == self.conversation.chat:
            self.pane.open(follower)  # its draft goes with it, and comes back with it
        self._list()
        self.pane.notice.tell(
            self.tr("Deleted “{title}”.").format(title=title),
            self.tr("Undo"),
            lambda: self._undelete(chat),
            self._purge,
        )

    def _undelete(self, chat: int) -> None:
        self._store.chats.restore([chat])
        self.sidebar.refresh()
        self.open_chat(chat)

    def _purge(self) -> None:
        self._store.purge()

    def _show_brought(self, chat: int) -> None:
        self._before = self.conversation.chat
        self.open_chat(chat)

    def _leave_gone(self) -> None:
        """The chat that is shown may be among those that went: then the one before is shown again."""
        shown, before = self.conversation.chat, self._before
        if shown is not None and not self._store.chats.is_there(shown):
            self.pane.open(before if before is not None and self._store.chats.is_there(before) else None)
        self._list()

    def rename_chat(self, chat: int) -> None:
        self.show_sidebar()
        self.sidebar.rename(chat)

    def rename_folder(self, folder: int) -> None:
        self.show_sidebar()
        self.sidebar.rename_folder(folder)

    def is_pinned(self, chat: int) -> bool:
        return self._store.chats.get(chat).pinned

    def folders(self) -> list[Folder]:
        return self._store.chats.folders()

    def folder_of(self, chat: int) -> int | None:
        return self._store.chats.get(chat).folder

    def remove_folder(self, folder: int) -> None:
        """Its chats go back to the list of days."""
        store = self._store.chats
        name = next((found.name for found in store.folders() if found.id == folder), "")
        inside = [chat.id for chat in store.all() if chat.folder == folder]
        store.remove_folder(folder)
        self._list()

        def undo() -> None:
            again = store.add_folder(name).id
            for chat in inside:
                store.move(chat, again)
            self._list()

        self.pane.notice.tell(
            self.tr("Removed the folder “{name}”. Its chats are kept.").format(name=name), self.tr("Undo"), undo
        )

    def show_log(self) -> None:
        """Its folder, in the system's own window."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs.path().parent)))

    def tell_about(self) -> None:
        about = self.tr(
            "Cadre {version}\n\nAnswers with large models, of which only the experts that a question needs are read "
            "into memory. What you write stays on this machine.\n\nApache License 2.0"
        )
        QMessageBox.about(self, self.tr("About Cadre"), about.format(version=metadata.version("cadre")))

    def _pop_up(self, chat: int, place: QPoint) -> None:
        self.menus.chat_menu(chat).popup(place)

    # --- the answer that is watched -----------------------------------------------------------------------

    def _watch(self) -> None:
        """The last message of the shown branch, when it is known how it came about."""
        end = self.pane.transcript.end
        if end is not None and self._answers.seen(end) is not None:
            self._show_answer(end)
        else:
            self.strip.say("")
            self.monitor.show_nothing()

    def _show_answer(self, message: int) -> None:
        """Thirty times a second while it is written, so nothing is asked of the store."""
        if message != self.pane.transcript.end or (seen := self._answers.seen(message)) is None:
            return
        self.strip.show_answer(seen[0])
        if self._right.is_open:
            self.monitor.show_answer(*seen)

    def _end(self, message: int) -> None:
        self._show_answer(message)
        self._list()

    # --- panels -------------------------------------------------------------------------------------------

    def toggle_sidebar(self) -> None:
        """Where it would leave no room for the chat the monitor gives way."""
        self._left.set_open(not self._left.is_open)
        if self._left.is_open and self._right.is_open:
            both = theme.scaled(theme.SIDEBAR) + theme.scaled(theme.MONITOR)
            if self.width() - both < theme.scaled(_LEAST_CHAT):
                self.toggle_monitor()
        self._store.chats.keep("sidebar", str(int(self._left.is_open)))

    def toggle_monitor(self) -> None:
        self._right.set_open(not self._right.is_open)
        self.strip.setVisible(not self._right.is_open)
        self._give_way()
        if self._right.is_open:
            self._watch()
        self._store.chats.keep("monitor", str(int(self._right.is_open)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        """In a narrow window the chat comes first; wide again, the list comes back."""
        super().resizeEvent(event)
        self._give_way()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 -- Qt's name
        super().showEvent(event)
        self._give_way()

    def _give_way(self) -> None:
        if not self.isVisible():  # a late word about a window that was closed
            return
        beside = theme.scaled(theme.MONITOR) if self._right.is_open else 0
        narrow = self.width() - beside < theme.scaled(_NARROW)
        if narrow != self._narrow:
            self._narrow = narrow
            self._left.set_open(not narrow and self._store.chats.kept("sidebar", "1") == "1", animated=False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        """Escape stops, and goes back to the message, unless something nearer takes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.conversation.stop()
            self.silence_wanted.emit()
            self.pane.set_focus()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 -- Qt's name
        tab_order.follow_layouts(self)
        return super().focusNextPrevChild(forward)

    def show_sidebar(self) -> None:
        if not self._left.is_open:
            self.toggle_sidebar()

    # --- between runs -------------------------------------------------------------------------------------

    def _restore(self) -> None:
        kept = self._store.chats.kept
        if geometry := kept("window"):
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode()))
        else:
            self.resize(1180, 760)
        self._shown = self._shown_before = kept(_SHOWN)
        self._left.set_open(kept("sidebar", "1") == "1", animated=False)
        self._right.set_open(kept("monitor", "0") == "1", animated=False)
        self.strip.setVisible(not self._right.is_open)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 -- Qt's name
        self.pane.composer.flush()
        self.pane.notice.end()
        self._store.chats.keep("window", bytes(self.saveGeometry().toBase64().data()).decode())
        super().closeEvent(event)
