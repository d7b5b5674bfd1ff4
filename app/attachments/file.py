"""A file as it goes into a prompt. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

Content = bytes


class Kind(StrEnum):
    TEXT = "text"
    CODE = "code"
    PDF = "pdf"
    PICTURE = "picture"
    SOUND = "sound"


@dataclass(frozen=True)
class File:
    """What was read of a file, without where it lay. bytes: its size on disk.

    parts: what a model is shown of it, each a PNG or JPEG: a picture, or the first of `pages` pages of a PDF without
    text; of a sound, what it hears, as FLAC. thumbnail: of the first picture, small.
    """

    name: str
    kind: Kind
    bytes: int
    text: str
    parts: tuple[Content, ...] = field(default=(), repr=False)
    thumbnail: Content = field(default=b"", repr=False)
    pages: int = 0

    @property
    def is_seen(self) -> bool:
        """A model sees it."""
        return bool(self.parts) and self.kind is not Kind.SOUND


def with_files(text: str, files: Sequence[File]) -> str:
    """What the model is told: each file under its name, then what the person said."""
    said = [f'<file name="{file.name}">\n{file.text.rstrip()}\n</file>' for file in files if file.text]
    return "\n\n".join(filter(None, [*said, _legend(files), text]))


def with_names(text: str, files: Sequence[File]) -> str:
    """Before what a model is told, the names of files that it could not see or hear."""
    names = ", ".join(file.name for file in files)
    return "\n\n".join(filter(None, [f"<not shown>{names}</not shown>" if names else "", text]))


def pictures(files: Sequence[File]) -> tuple[Content, ...]:
    """What a model is shown, in the order of the files."""
    return tuple(part for file in files if file.is_seen for part in file.parts)


def sounds(files: Sequence[File]) -> tuple[Content, ...]:
    """What a model hears."""
    return tuple(part for file in files if file.kind is Kind.SOUND for part in file.parts)


def _legend(files: Sequence[File]) -> str:
    """Which picture is which, where there are several or pages."""
    shown = [file for file in files if file.is_seen]
    if len(shown) < 2 and not any(file.pages for file in shown):
        return ""
    return "<pictures>" + "; ".join(map(_named, shown)) + "</pictures>"


def _named(file: File) -> str:
    if not file.pages:
        return file.name
    return f"{file.name}, pages 1 to {len(file.parts)} of {file.pages}"
