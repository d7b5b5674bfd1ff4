"""Brings files onto the composer's shelf: reads them on a thread of its own and tells what could not be read."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.attachments.reading import Reader, clean
from app.window.notice import Notice
from app.window.shelf import Shelf
from engine.errors import KnownError

_MOST_AT_ONCE = 20
log = logging.getLogger(__name__)


class Attaching(QObject):
    """The thread begins with the first file."""

    _read = Signal(int, object)
    _refused = Signal(int, str)

    def __init__(self, shelf: Shelf, notice: Notice, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._shelf, self._notice = shelf, notice
        self._wanted: queue.SimpleQueue[tuple[int, Path] | None] = queue.SimpleQueue()
        self._reader: Reader | None = None
        self._thread: threading.Thread | None = None
        self._sentences: list[str] = []
        self._read.connect(shelf.fill, Qt.ConnectionType.QueuedConnection)
        self._refused.connect(self._refuse, Qt.ConnectionType.QueuedConnection)

    def choose(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Attach Files"))
        self.take([Path(path) for path in paths])

    def take(self, paths: Sequence[Path]) -> None:
        if not self._shelf.is_reading:
            self._sentences = []
        for path in paths[:_MOST_AT_ONCE]:
            self._start()
            self._wanted.put((self._shelf.expect(clean(path.name)), path))
        if len(paths) > _MOST_AT_ONCE:
            self._say(self.tr("At most {n} files go along at once.").format(n=_MOST_AT_ONCE))

    def refuse_picture(self) -> None:
        self._say(self.tr("Pictures cannot be read yet. Attach text, code or a PDF."))

    def close(self) -> None:
        if self._reader is not None and self._thread is not None:
            self._wanted.put(None)
            self._reader.close()
            self._thread.join()
            self._thread = self._reader = None

    def _start(self) -> None:
        if self._thread is None:
            self._reader = Reader()
            self._thread = threading.Thread(
                target=self._work, args=(self._reader,), name="cadre-attachments", daemon=True
            )
            self._thread.start()

    def _work(self, reader: Reader) -> None:
        while (wanted := self._wanted.get()) is not None:
            number, path = wanted
            try:
                self._read.emit(number, reader.read(path))
            except KnownError as error:
                self._refused.emit(number, str(error))
            except Exception:
                log.exception("a file could not be attached")
                self._refused.emit(number, f"{clean(path.name)} could not be read.")

    def _refuse(self, number: int, sentence: str) -> None:
        if self._shelf.has(number):
            self._shelf.drop(number)
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        """Those of one go together: none hides another."""
        self._sentences.append(sentence)
        shown = self._sentences[:3]
        more = len(self._sentences) - len(shown)
        if more:
            shown.append(self.tr("{n} more could not be attached.").format(n=more))
        self._notice.tell("\n".join(shown), stays=True)


def files_of(data: QMimeData) -> list[Path]:
    """The files that were dragged or copied, if that is what was."""
    urls = data.urls()
    return [Path(url.toLocalFile()) for url in urls] if urls and all(url.isLocalFile() for url in urls) else []
