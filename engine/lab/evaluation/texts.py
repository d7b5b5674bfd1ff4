"""The texts to measure on: from a file, a folder, or what Cadre brings. Knows no model; any thread."""

from __future__ import annotations

import re
from pathlib import Path

from engine.errors import KnownError
from engine.models.places import resources

END_MARK = "<|endoftext|>"
_BLANK = re.compile(r"\n\s*\n")
_ENDINGS = (".txt", ".md")


OWN = "evaluation.txt"
"""A model that knows only some subjects brings a text about them."""


def builtin_text(model: Path) -> Path:
    """What is measured on unless another text is given: the model's own, or the one that comes with Cadre."""
    own = model / OWN
    return own if own.is_file() else resources() / "evaluation" / "text.txt"


def read_texts(path: Path) -> list[str]:
    """One text per document: the files of a folder, or a file's parts between end marks or, without any, blank lines.

    Raises:
        KnownError: there is nothing to read, or it is no text.
    """
    texts = [_read(file) for file in _files(path)] if path.is_dir() else _parts(_read(path))
    texts = [text.strip() for text in texts if text.strip()]
    if not texts:
        raise KnownError(f"There is no text in {path}.", "Give a file with some paragraphs, or a folder of text files.")
    return texts


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix in _ENDINGS and file.is_file())


def _parts(text: str) -> list[str]:
    return text.split(END_MARK) if END_MARK in text else _BLANK.split(text)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise KnownError(
            f"{file} cannot be read ({reason}).", "Give a text file, or a folder of text files."
        ) from error
