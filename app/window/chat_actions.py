"""What can be done with a whole chat beside talking: name, pin, folder, export, import. Asks by dialogs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from app.store.store import Store
from app.window.documents import documents
from app.window.sidebar.rows import Heading
from engine.errors import KnownError

_UNSAFE = '/\\:*?"<>|\n\r\t'
_FOLDER = "folder of exports"


class ChatActions(QObject):
    """changed: the list of chats is another now. brought: a chat came from a file. gone: such chats went again.
    folder_made: one that is to be named. tell: as Notice.tell.
    """

    changed = Signal()
    folder_made = Signal(int)
    brought = Signal(int)
    gone = Signal()

    def __init__(self, store: Store, window: QWidget, tell: Callable[..., None]) -> None:
        super().__init__(window)
        self._store, self._tell = store, tell
        self._window = window

    def rename(self, chat: int, title: str) -> None:
        self._store.chats.rename(chat, title)
        self.changed.emit()

    def toggle_pin(self, chat: int) -> None:
        self._store.chats.pin(chat, pinned=not self._store.chats.get(chat).pinned)
        self.changed.emit()

    def move(self, chat: int, folder: int | None) -> None:
        self._store.chats.move(chat, folder)
        self.changed.emit()

    def put_under(self, chat: int, heading: Heading) -> None:
        """Where it was dragged to, and nowhere else."""
        self._store.chats.pin(chat, pinned=heading.pinned)
        if not heading.pinned:
            self._store.chats.move(chat, heading.folder)
        self.changed.emit()

    def move_to_new_folder(self, chat: int) -> None:
        """Which is to be named then."""
        folder = self._store.chats.add_folder(self.tr("New Folder")).id
        self.move(chat, folder)
        self.folder_made.emit(folder)

    def rename_folder(self, folder: int, name: str) -> None:
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
        self._save(f"{_file_name(self._store.chats.get(chat).title) or self.tr('Chat')}.{kind}", text)

    def _save(self, name: str, text: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self._window, self.tr("Export"), str(self._folder() / name))
        if not chosen:
            return
        path = Path(chosen)
        try:
            write_whole(path, text)
        except OSError as error:
            said = self.tr("“{name}” could not be written: {why}.").format(name=path.name, why=error.strerror)
            self._tell(said, self.tr("Save Elsewhere…"), lambda: self._save(name, text), stays=True)
            return
        self._store.chats.keep(_FOLDER, str(path.parent))
        self._tell(self.tr("Exported “{name}”.").format(name=path.name), self.tr("Show"), lambda: _show(path.parent))

    def import_json(self) -> None:
        kinds = self.tr("Cadre chats (*.json)")
        path, _ = QFileDialog.getOpenFileName(self._window, self.tr("Import"), str(self._folder()), kinds)
        if path:
            self.bring_in([Path(path)])

    def bring_in(self, paths: Sequence[Path]) -> None:
        """The chats of files that Cadre wrote, each file's or none of it; the newest is opened."""
        chats, refused = list[int](), list[str]()
        for path in paths:
            try:
                chats += self._store.transfer.import_json(path.read_text(encoding="utf-8-sig"))
            except KnownError as error:
                refused.append(f"{path.name}: {error}")
            except OSError as error:
                refused.append(self.tr("{name} could not be read: {why}.").format(name=path.name, why=error.strerror))
            except UnicodeDecodeError:
                refused.append(self.tr("{name} is not text, so it holds no chats.").format(name=path.name))
        self.changed.emit()
        if chats:
            self.brought.emit(max(chats, key=lambda chat: self._store.chats.get(chat).changed))
        if refused:
            self._tell("\n".join(refused), stays=True)
        elif chats:
            self._tell(self._imported(chats), self.tr("Undo"), lambda: self._take_back(chats))
        else:
            self._tell(self.tr("There is no chat in that file."))

    def _imported(self, chats: Sequence[int]) -> str:
        if len(chats) == 1:
            return self.tr("Imported “{title}”.").format(title=self._store.chats.get(chats[0]).title)
        return self.tr("Imported {n} chats.").format(n=len(chats))

    def _take_back(self, chats: Sequence[int]) -> None:
        self._store.chats.delete(chats)
        self._store.purge()
        self.gone.emit()

    def _folder(self) -> Path:
        """Where the last export went."""
        kept = Path(self._store.chats.kept(_FOLDER))
        return kept if kept.is_absolute() and kept.is_dir() else documents()


def _file_name(title: str) -> str:
    """Without what a disk may refuse, and not hidden."""
    return "".join("-" if letter in _UNSAFE else letter for letter in title)[:80].strip(". ")


def _show(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def write_whole(path: Path, text: str) -> None:
    """All of it or what was there before."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
