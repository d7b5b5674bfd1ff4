"""The menu bar and the menu of a chat: every act of the window by name and by key."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from app.window import edit_menu

if TYPE_CHECKING:
    from app.window.main_window import MainWindow

Keys = QKeySequence.StandardKey | str | None


class Menus(QObject):
    """Belongs to the window, whose methods the actions call."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._pane = window.pane
        self._file()
        self._edit()
        self._chat()
        self._view()
        self._window_menu()
        self._help()

    def _file(self) -> None:
        window, acts = self._window, self._window.actions_on_chats
        menu = window.menuBar().addMenu(self.tr("&File"))
        self._add(menu, self.tr("New Chat"), QKeySequence.StandardKey.New, window.new_chat)
        menu.addSeparator()
        self._add(menu, self.tr("Attach Files…"), "Ctrl+Shift+A", self._pane.attaching.choose)
        self._add(menu, self.tr("Quick Prompt"), None, window.prompt_wanted.emit)
        self._add(menu, self.tr("Dictations…"), "Ctrl+Shift+H", window.dictations_wanted.emit)
        self._add(menu, self.tr("Models…"), "Ctrl+Shift+M", window.models_wanted.emit)
        settings = self._add(menu, self.tr("Settings…"), "Ctrl+,", window.settings_wanted.emit)
        settings.setMenuRole(QAction.MenuRole.PreferencesRole)
        menu.addSeparator()
        self._add(menu, self.tr("Import…"), None, acts.import_json)
        self._add(menu, self.tr("Export All Chats…"), None, acts.export_all)
        menu.addSeparator()
        self._add(menu, self.tr("Close Window"), QKeySequence.StandardKey.Close, window.close)
        leave = self._add(menu, self.tr("Quit Cadre"), "Ctrl+Q", window.quit_wanted.emit)
        leave.setMenuRole(QAction.MenuRole.QuitRole)

    def _edit(self) -> None:
        pane = self._pane
        menu = self._window.menuBar().addMenu(self.tr("&Edit"))
        edit_menu.fill(menu)
        menu.addSeparator()
        self._add(menu, self.tr("Undo Delete"), "Ctrl+Alt+Z", pane.notice.press)
        self._add(menu, self.tr("Edit Last Message"), "Ctrl+Shift+E", pane.edit_last)
        self._add(menu, self.tr("Delete Last Message"), None, pane.delete_last)
        menu.addSeparator()
        self._add(menu, self.tr("Find in Chat"), QKeySequence.StandardKey.Find, pane.finder.open_bar)
        self._add(menu, self.tr("Find Next"), QKeySequence.StandardKey.FindNext, pane.finder.next)
        self._add(menu, self.tr("Find Previous"), QKeySequence.StandardKey.FindPrevious, pane.finder.previous)
        self._add(menu, self.tr("Search All Chats"), "Ctrl+Shift+F", self._search)

    def _chat(self) -> None:
        pane, conversation = self._pane, self._window.conversation
        menu = self._window.menuBar().addMenu(self.tr("&Chat"))
        self._add(menu, self.tr("Dictate"), "Ctrl+Shift+D", self._window.dictation_wanted.emit)
        self._add(menu, self.tr("Stop"), "Ctrl+.", conversation.stop)
        self._add(menu, self.tr("Answer Again"), "Ctrl+R", pane.again)
        self._add(menu, self.tr("Read Answer Aloud"), "Ctrl+Alt+R", self._window.read_last_aloud)
        self._add(menu, self.tr("Try Harder"), "Ctrl+Shift+R", lambda: pane.again(harder=True))
        menu.addSeparator()
        self._add(menu, self.tr("Previous Version"), "Ctrl+Alt+Left", lambda: pane.walk_last(-1))
        self._add(menu, self.tr("Next Version"), "Ctrl+Alt+Right", lambda: pane.walk_last(1))
        menu.addSeparator()
        self._add(menu, self.tr("Previous Chat"), "Ctrl+[", lambda: self._window.sidebar.step(-1))
        self._add(menu, self.tr("Next Chat"), "Ctrl+]", lambda: self._window.sidebar.step(1))
        menu.addSeparator()
        self._add(menu, self.tr("Settings of This Chat"), "Ctrl+Shift+,", pane.header.open_settings)
        self._add(menu, self.tr("Rename"), None, lambda: self._on_chat(self._window.rename_chat))
        pin = self._window.actions_on_chats.toggle_pin
        self._add(menu, self.tr("Pin or Unpin"), "Ctrl+Shift+P", lambda: self._on_chat(pin))
        folders = menu.addMenu(self.tr("Move to Folder"))
        folders.aboutToShow.connect(lambda: self._refill(folders))
        self._fill_export(menu.addMenu(self.tr("Export")), self._on_chat)
        self._add(menu, self.tr("Delete"), None, lambda: self._on_chat(self._window.delete_chat))

    def _view(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&View"))
        self._add(menu, self.tr("Sidebar"), "Ctrl+Alt+S", self._window.toggle_sidebar)
        self._add(menu, self.tr("Monitor"), "Ctrl+Alt+M", self._window.toggle_monitor)
        self._add(menu, self.tr("Write a Message"), "Ctrl+L", self._pane.set_focus)
        menu.addSeparator()
        sizes = self._window.text_size_wanted
        self._add(menu, self.tr("Larger Text"), QKeySequence.StandardKey.ZoomIn, lambda: sizes.emit(1))
        self._add(menu, self.tr("Smaller Text"), QKeySequence.StandardKey.ZoomOut, lambda: sizes.emit(-1))
        self._add(menu, self.tr("Normal Text"), "Ctrl+0", lambda: sizes.emit(0))
        menu.addSeparator()
        self._add(menu, self.tr("Full Screen"), QKeySequence.StandardKey.FullScreen, self._switch_full_screen)

    def _switch_full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def _window_menu(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Window"))
        self._add(menu, self.tr("Minimize"), "Ctrl+M", self._window.showMinimized)
        self._add(menu, self.tr("Zoom"), None, self._switch_zoom)

    def _switch_zoom(self) -> None:
        if self._window.isMaximized():
            self._window.showNormal()
        else:
            self._window.showMaximized()

    def _help(self) -> None:
        menu = self._window.menuBar().addMenu(self.tr("&Help"))
        about = self._add(menu, self.tr("About Cadre"), None, self._window.tell_about)
        about.setMenuRole(QAction.MenuRole.AboutRole)
        self._add(menu, self.tr("Show Log"), None, self._window.show_log)

    def chat_menu(self, chat: int) -> QMenu:
        """For one chat of the list. Goes when it closes."""
        acts = self._window.actions_on_chats
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        pinned = self._window.is_pinned(chat)
        self._add(menu, self.tr("Rename"), None, lambda: self._window.rename_chat(chat))
        self._add(menu, self.tr("Unpin") if pinned else self.tr("Pin"), None, lambda: acts.toggle_pin(chat))
        self._fill_folders(menu.addMenu(self.tr("Move to Folder")), chat)
        self._fill_export(menu.addMenu(self.tr("Export")), lambda act: act(chat))
        menu.addSeparator()
        self._add(menu, self.tr("Delete"), None, lambda: self._window.delete_chat(chat))
        return menu

    def folder_menu(self, folder: int) -> QMenu:
        """For a folder of the list. Goes when it closes."""
        menu = QMenu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        self._add_folder_acts(menu, folder)
        return menu

    def _add_folder_acts(self, menu: QMenu, folder: int) -> None:
        self._add(menu, self.tr("Rename Folder"), None, lambda: self._window.rename_folder(folder))
        self._add(menu, self.tr("Remove Folder"), None, lambda: self._window.remove_folder(folder))

    def _fill_folders(self, menu: QMenu, chat: int) -> None:
        """Where a chat may go, and what can be done with the folder it is in."""
        acts, inside = self._window.actions_on_chats, self._window.folder_of(chat)
        for folder in self._window.folders():
            action = self._add(menu, folder.name.replace("&", "&&"), None, partial(acts.move, chat, folder.id))
            action.setCheckable(True)
            action.setChecked(folder.id == inside)
        outside = self._add(menu, self.tr("No Folder"), None, lambda: acts.move(chat, None))
        outside.setCheckable(True)
        outside.setChecked(inside is None)
        menu.addSeparator()
        self._add(menu, self.tr("New Folder"), None, lambda: acts.move_to_new_folder(chat))
        if inside is not None:
            menu.addSeparator()
            self._add_folder_acts(menu, inside)

    def _fill_export(self, menu: QMenu, on_chat: Callable[[Callable[[int], object]], object]) -> None:
        acts = self._window.actions_on_chats
        self._add(menu, self.tr("Markdown…"), None, lambda: on_chat(acts.export_markdown))
        self._add(menu, self.tr("JSON…"), None, lambda: on_chat(acts.export_json))

    def _refill(self, menu: QMenu) -> None:
        menu.clear()
        self._on_chat(lambda chat: self._fill_folders(menu, chat))

    # --- making -------------------------------------------------------------------------------------------

    def _add(self, menu: QMenu, words: str, keys: Keys, act: Callable[[], object]) -> QAction:
        action = menu.addAction(words)
        if isinstance(keys, QKeySequence.StandardKey):
            action.setShortcuts(keys)
        elif keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _checked=False: act())
        return action

    def _search(self) -> None:
        self._window.show_sidebar()
        self._window.sidebar.search.setFocus()
        self._window.sidebar.search.selectAll()

    def _on_chat(self, act: Callable[[int], object]) -> None:
        chat = self._window.conversation.chat
        if chat is not None:
            act(chat)
