"""Reads what a person attaches, or says in one sentence why not. Waits for the disk: never on the interface thread."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from app.attachments import kinds, pdf, picture, sound
from app.attachments.decoding import decoded, is_binary
from app.attachments.file import File, Kind
from app.numbers import size
from app.worker import TooMuch, Worker
from engine.errors import KnownError

MOST_TEXT = 2_000_000
MOST_PDF = 100_000_000
PDF_SECONDS = 30.0
PDF_MEMORY = 800_000_000
PICTURE_SECONDS = 60.0
PICTURE_MEMORY = 1_200_000_000
"""64 megapixels with transparency, decoded, turned and laid on white."""
SOUND_MEMORY = 800_000_000
_SMALLER = "Attach the part that matters."
_SMALLER_PICTURE = "Save it smaller and attach that."
_AS_TEXT = "Attach text, code, a PDF or a picture."
_AS_PICTURE = "Attach pictures of the moments that matter."
_AS_WORDS = "Choose a model that hears, or attach what is said in it: `cadre transcribe` writes that down."
_PROSE = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst", ".org", ".tex", ".log", ".csv", ".tsv", ".srt"})


class Reader:
    """Keeps the processes that read PDFs and pictures. Any one thread at a time."""

    def __init__(self) -> None:
        self._pdfs = Worker(pdf.paper, PDF_SECONDS, PDF_MEMORY)
        self._pictures = Worker(picture.prepared, PICTURE_SECONDS, PICTURE_MEMORY)
        self._sounds = Worker(sound.prepared, PICTURE_SECONDS, SOUND_MEMORY)

    def close(self) -> None:
        self._pdfs.close()
        self._pictures.close()
        self._sounds.close()

    def read(self, path: Path, deaf: str = "") -> File:
        """What goes into the prompt. deaf: why a recording would be no use, as a sentence.

        Raises:
            KnownError: it cannot be read; the sentence names it.
        """
        name = clean(path.name)
        try:
            about = path.stat()
            if stat.S_ISDIR(about.st_mode):
                raise KnownError(f"{name} is a folder.", "Attach its files.")
            if not stat.S_ISREG(about.st_mode):  # a pipe or a device may have no end
                raise KnownError(f"{name} is not a file.", _AS_TEXT)
            return self._read(path, name, about, deaf)
        except OSError as error:
            raise KnownError(f"{name} cannot be opened ({error.strerror}).", "Check that it is still there.") from error

    def _read(self, path: Path, name: str, about: os.stat_result, deaf: str) -> File:
        suffix = path.suffix.lower()
        with path.open("rb") as file:
            head = file.read(1024)
            if kinds.is_pdf(head):
                return self._pdf(path, name, about)
            if kinds.is_picture(head, suffix):
                return self._picture(path, name)
            if kinds.is_video(head, suffix):
                raise KnownError(f"{name} is a video.", _AS_PICTURE)
            if kinds.is_sound(head, suffix):
                return self._sound(path, name, about, deaf)
            file.seek(0)
            return _text(name, suffix, file.read(MOST_TEXT + 1), about)

    def read_picture(self, content: bytes, name: str) -> File:
        """One that has no file, as from the clipboard.

        Raises:
            KnownError: it cannot be read; the sentence names it.
        """
        made: picture.Prepared = _called(self._pictures, (content, name), name, _SMALLER_PICTURE)
        return File(name, Kind.PICTURE, made.bytes, "", (made.part,), made.thumbnail)

    def _picture(self, path: Path, name: str) -> File:
        made: picture.Prepared = _called(self._pictures, (str(path), name), name, _SMALLER_PICTURE)
        return File(name, Kind.PICTURE, made.bytes, "", (made.part,), made.thumbnail)

    def _sound(self, path: Path, name: str, about: os.stat_result, deaf: str) -> File:
        if deaf:
            raise KnownError(f"{name} is a recording. {deaf}", _AS_WORDS)
        made: sound.Prepared = _called(self._sounds, (str(path), name), name, _SMALLER)
        return File(name, Kind.SOUND, about.st_size, "", (made.part,))

    def _pdf(self, path: Path, name: str, about: os.stat_result) -> File:
        if about.st_size > MOST_PDF:
            raise KnownError(f"{name} is too large ({size(about.st_size)}).", _SMALLER)
        read: pdf.Paper = _called(self._pdfs, (str(path), name), name, _SMALLER)
        if len(read.text) > MOST_TEXT:
            raise KnownError(f"{name} holds too much text.", _SMALLER)
        return File(name, Kind.PDF, about.st_size, read.text.strip() and read.text, read.parts, read.thumbnail,
                    read.pages)  # fmt: skip


def _called(worker: Worker, given: tuple[Any, str], name: str, remedy: str) -> Any:
    try:
        return worker.call(given)
    except TooMuch as error:
        if str(error) == "ModuleNotFoundError":
            raise KnownError(f"{name} cannot be opened: what reads such files is not installed.",
                             "Install it: pip install 'cadre[vision]'.") from error  # fmt: skip
        raise KnownError(f"{name} could not be read: {_why(error)}.", remedy) from error


def _why(error: TooMuch) -> str:
    known = {"it took too long", "it took too much memory", "its process died"}
    return str(error) if str(error) in known else "its contents are damaged"


def _text(name: str, suffix: str, data: bytes, about: os.stat_result) -> File:
    if len(data) > MOST_TEXT:
        kind = _binary_kind(suffix) if is_binary(data) else ""
        raise KnownError(f"{name} is {kind}." if kind else f"{name} is too large ({size(about.st_size)}).",
                         _AS_TEXT if kind else _SMALLER)  # fmt: skip
    text = decoded(data)
    if text is None:
        if is_binary(data) or _binary_kind(suffix) != _OTHER:
            raise KnownError(f"{name} is {_binary_kind(suffix)}.", _AS_TEXT)
        raise KnownError(f"{name} is in an encoding that is not known.", "Save it as UTF-8 and attach it again.")
    if not text.strip():
        raise KnownError(f"{name} is empty.", "Attach another file.")
    return File(name, Kind.TEXT if suffix in _PROSE else Kind.CODE, about.st_size, text)


_OTHER = "of a kind that Cadre cannot read"


def _binary_kind(suffix: str) -> str:
    return "an office document" if suffix in kinds.PAPERS else _OTHER


def clean(name: str) -> str:
    """A name that cannot end its mark in the prompt, nor a line."""
    return "".join("_" if letter in '<>"' or not letter.isprintable() else letter for letter in name)[-200:] or "file"
