"""What can be done with a whole chat beside talking: name, pin, folder, export, import. Asks by dialogs."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from app.store.store import Store
from engine.errors import KnownError

_UNSAFE = '/\\:*?"<>|\n\r\t'


class ChatActions(QObject):
    """changed: the list of chats is another now."""

    changed = Signal()

    def __init__(self, store: Store, window: QWidget) -> None:
        super().__init__(window)
        self._store = store
        self._window = window

    def rename(self, chat: int) -> None:
        before = self._store.chats.get(chat).title
        title, meant = QInputDialog.getText(self._window, self.tr("Rename Chat"), self.tr("Title"), text=before)
        if meant and title.strip():
            self._store.chats.rename(chat, title)
            self.changed.emit()

    def toggle_pin(self, chat: int) -> None:
        self._store.chats.pin(chat, pinned=not self._store.chats.get(chat).pinned)
        self.changed.emit()

    def move(self, chat: int, folder: int | None) -> None:
        self._store.chats.move(chat, folder)
        self.changed.emit()

    def move_to_new_folder(self, chat: int) -> None:
        name, meant = QInputDialog.getText(self._window, self.tr("New Folder"), self.tr("Name"))
        if meant and name.strip():
            self.move(chat, self._store.chats.add_folder(name).id)

    def rename_folder(self, folder: int) -> None:
        before = next((found.name for found in self._store.chats.folders() if found.id == folder), "")
        name, meant = QInputDialog.getText(self._window, self.tr("Rename Folder"), self.tr("Name"), text=before)
        if meant and name.strip():
            self._store.chats.rename_folder(folder, name)
            self.changed.emit()

    # --- files --------------------------------------------------------------------------------------------

    def export_markdown(self, chat: int) -> None:
        self._export(chat, "md", self._store.transfer.export_markdown(chat))

    def export_json(self, chat: int) -> None:
        self._export(chat, "json", self._store.transfer.export_json([chat]))

    def export_all(self) -> None:
        chats = [chat.id for chat in self._store.chats.all()]
        self._save(self.tr("All chats") + ".json", self._store.transfer.export_json(chats))

    def _export(self, chat: int, kind: str, text: str) -> None:
        title = self._store.chats.get(chat).title or self.tr("Chat")
        self._save("".join("-" if letter in _UNSAFE else letter for letter in title)[:80] + f".{kind}", text)

    def _save(self, name: str, text: str) -> None:
        path, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export"), name)
        if path:
            try:
                write_whole(Path(path), text)
            except OSError as error:
                self._tell(self.tr("The file could not be written ({why}).").format(why=error.strerror))

    def import_json(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Import"), "", self.tr("Cadre chats (*.json)"))
        if not path:
            return
        try:
            self._store.transfer.import_json(Path(path).read_text(encoding="utf-8"))
        except KnownError as error:
            self._tell(str(error))
        except (OSError, UnicodeDecodeError):
            self._tell(self.tr("The file could not be read."))
        self.changed.emit()

    def _tell(self, sentence: str) -> None:
        QMessageBox.warning(self._window, self.tr("Cadre"), sentence)


def write_whole(path: Path, text: str) -> None:
    """All of it or what was there before."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
