"""Brings files onto a shelf: reads them on a thread of its own and tells what could not be read.

What is pasted as a picture is a file without a place, and is read like one.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QObject, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.attachments.file import File
from app.attachments.reading import Reader, clean
from app.window.documents import documents
from app.window.shelf import Shelf
from engine.errors import KnownError

_MOST_AT_ONCE = 20
_SENTENCES = 3
"""At once; of what is refused beyond, the names."""
_NAME = 40
log = logging.getLogger(__name__)


class Attaching(QObject):
    """The thread begins with the first file. tell: shows a sentence until it is dismissed."""

    _read = Signal(int, object)
    _refused = Signal(int, str, str)

    def __init__(self, shelf: Shelf, tell: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._shelf, self._tell = shelf, tell
        self.deaf: Callable[[], str] = lambda: ""
        """Why a recording would be no use, as a sentence."""
        self._wanted: queue.SimpleQueue[tuple[int, Path | QImage, str, str] | None] = queue.SimpleQueue()
        self._reader: Reader | None = None
        self._thread: threading.Thread | None = None
        self._sentences: list[str] = []
        self._others: list[str] = []
        self._folder: Path | None = None
        """That something was chosen from."""
        self.told = ""
        """The last that was told."""
        self._read.connect(self._fill, Qt.ConnectionType.QueuedConnection)
        self._refused.connect(self._refuse, Qt.ConnectionType.QueuedConnection)

    def choose(self) -> None:
        folder = self._folder or documents()
        chosen, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Attach Files"), str(folder))
        if paths := [Path(path) for path in chosen]:
            self._folder = paths[0].parent
            self.take(paths)

    def take(self, paths: Sequence[Path]) -> None:
        self._begin()
        for path in paths[:_MOST_AT_ONCE]:
            self._expect(path, clean(path.name))
        if len(paths) > _MOST_AT_ONCE:
            self._say(self.tr("At most {n} files go along at once.").format(n=_MOST_AT_ONCE))

    def take_picture(self, image: QImage) -> None:
        """Pasted or dropped without a file."""
        self._begin()
        if image.isNull():
            self._say(self.tr("The picture on the clipboard cannot be read. Save it as a file and attach that."))
        else:
            self._expect(image, self.tr("Pasted picture"))

    def take_data(self, data: QMimeData) -> None:
        """What `takes` said yes to."""
        if paths := files_of(data):
            self.take(paths)
        else:
            self.take_picture(picture_of(data))

    def _begin(self) -> None:
        """What is given while nothing is read is told of anew."""
        if not self._shelf.is_reading:
            self._sentences, self._others = [], []

    def _expect(self, source: Path | QImage, name: str) -> None:
        self._start()
        self._wanted.put((self._shelf.expect(name), source, name, self.deaf()))

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
            number, source, name, deaf = wanted
            try:
                self._read.emit(number, _read(reader, source, name, deaf))
            except KnownError as error:
                self._refused.emit(number, name, str(error))
            except Exception:
                log.exception("a file could not be attached")
                self._refused.emit(number, name, f"{name} could not be read. Attach it in another form.")

    def _fill(self, number: int, file: File) -> None:
        if self._shelf.has(number) and file.is_seen and file.pages > len(file.parts):
            words = self.tr("{name} has {all} pages without text; the first {n} go along as pictures.")
            self._say(words.format(name=file.name, all=file.pages, n=len(file.parts)))
        self._shelf.fill(number, file)

    def _refuse(self, number: int, name: str, sentence: str) -> None:
        if self._shelf.has(number):
            self._shelf.drop(number)
            self._say(sentence, name)

    def _say(self, sentence: str, name: str = "") -> None:
        """Those of one go together: none hides another. name: of the file that it refuses."""
        if len(self._sentences) < _SENTENCES or not name:
            self._sentences.append(sentence)
        else:
            self._others.append(name if len(name) <= _NAME else f"{name[: _NAME - 1]}…")
        shown = [*self._sentences]
        if self._others:
            shown.append(self.tr("Not attached either: {names}.").format(names=", ".join(self._others)))
        self.told = "\n".join(shown)
        self._tell(self.told)


def _read(reader: Reader, source: Path | QImage, name: str, deaf: str) -> File:
    return reader.read(source, deaf) if isinstance(source, Path) else reader.read_picture(_as_png(source), name)


def _as_png(image: QImage) -> bytes:
    """Quickly rather than small: it is read again at once."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 90)  # type: ignore[call-overload]  # Qt's stubs want bytes, Qt wants text
    return bytes(buffer.data().data())


def picture_of(data: QMimeData) -> QImage:
    """Null when the program that offered it gives none."""
    image = data.imageData()
    return image if isinstance(image, QImage) else QImage()


def takes(data: QMimeData) -> bool:
    """Whether something of this can be attached."""
    return bool(files_of(data)) or data.hasImage()


def files_of(data: QMimeData) -> list[Path]:
    """The files that were dragged or copied, if that is what was."""
    urls = data.urls()
    return [Path(url.toLocalFile()) for url in urls] if urls and all(url.isLocalFile() for url in urls) else []
