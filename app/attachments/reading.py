"""Reads what a person attaches, or says in one sentence why not. Waits for the disk: never on the interface thread."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from app.attachments import pdf
from app.attachments.decoding import decoded, is_binary
from app.attachments.file import File, Kind
from app.numbers import size
from app.worker import TooMuch, Worker
from engine.errors import KnownError

MOST_TEXT = 2_000_000
MOST_PDF = 100_000_000
PDF_SECONDS = 30.0
PDF_MEMORY = 800_000_000
_SMALLER = "Attach the part that matters."
_AS_TEXT = "Attach text, code or a PDF."
_PROSE = frozenset({"", ".txt", ".text", ".md", ".markdown", ".rst", ".org", ".tex", ".log", ".csv", ".tsv", ".srt"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".heic", ".webp", ".tif", ".tiff", ".bmp"})
_SOUNDS = frozenset({".mp3", ".m4a", ".wav", ".aac", ".flac", ".ogg", ".mp4", ".mov", ".mkv"})
_PAPERS = frozenset({".doc", ".docx", ".odt", ".pages", ".rtf", ".xls", ".xlsx", ".ppt", ".pptx", ".key", ".numbers"})


class Reader:
    """Keeps the process that reads PDFs. Any one thread at a time."""

    def __init__(self) -> None:
        self._pdfs = Worker(pdf.text_of, PDF_SECONDS, PDF_MEMORY)

    def close(self) -> None:
        self._pdfs.close()

    def read(self, path: Path) -> File:
        """What goes into the prompt.

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
            with path.open("rb") as file:
                if file.read(1024).lstrip().startswith(b"%PDF-"):
                    return self._pdf(path, name, about)
                file.seek(0)
                return _text(name, path.suffix.lower(), file.read(MOST_TEXT + 1), about)
        except OSError as error:
            raise KnownError(f"{name} cannot be opened ({error.strerror}).", "Check that it is still there.") from error

    def _pdf(self, path: Path, name: str, about: os.stat_result) -> File:
        if about.st_size > MOST_PDF:
            raise KnownError(f"{name} is too large ({size(about.st_size)}).", _SMALLER)
        try:
            text = self._pdfs.call((str(path), name))
        except TooMuch as error:
            raise KnownError(f"{name} could not be read: {_why(error)}.", _SMALLER) from error
        if len(text) > MOST_TEXT:
            raise KnownError(f"{name} holds too much text.", _SMALLER)
        return File(name, Kind.PDF, about.st_size, text)


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


_OTHER = "not text"


def _binary_kind(suffix: str) -> str:
    kinds = {_PICTURES: "a picture", _SOUNDS: "a recording", _PAPERS: "an office document"}
    return next((words for suffixes, words in kinds.items() if suffix in suffixes), _OTHER)


def clean(name: str) -> str:
    """A name that cannot end its mark in the prompt, nor a line."""
    return "".join("_" if letter in '<>"' or not letter.isprintable() else letter for letter in name)[-200:] or "file"
