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


@dataclass(frozen=True)
class File:
    """What was read of a file, without where it lay. bytes: its size on disk.

    parts: what a model is shown of it, each a PNG or JPEG: a picture, or the first of `pages` pages of a PDF without
    text. thumbnail: the first of them, small.
    """

    name: str
    kind: Kind
    bytes: int
    text: str
    parts: tuple[Content, ...] = field(default=(), repr=False)
    thumbnail: Content = field(default=b"", repr=False)
    pages: int = 0


def with_files(text: str, files: Sequence[File]) -> str:
    """What the model is told: each file under its name, then what the person said."""
    said = [f'<file name="{file.name}">\n{file.text.rstrip()}\n</file>' for file in files if file.text]
    return "\n\n".join(filter(None, [*said, _legend(files), text]))


def without_pictures(text: str, files: Sequence[File]) -> str:
    """The same for a model that does not see: of pictures it is told the names."""
    names = ", ".join(file.name for file in files if file.parts)
    return with_files("\n\n".join(filter(None, [f"<not shown>{names}</not shown>" if names else "", text])),
                      [file for file in files if not file.parts])  # fmt: skip


def pictures(files: Sequence[File]) -> tuple[bytes, ...]:
    """What a model is shown, in the order of the files."""
    return tuple(part for file in files for part in file.parts)


def _legend(files: Sequence[File]) -> str:
    """Which picture is which, where there are several or pages."""
    shown = [file for file in files if file.parts]
    if len(shown) < 2 and not any(file.pages for file in shown):
        return ""
    return "<pictures>" + "; ".join(map(_named, shown)) + "</pictures>"


def _named(file: File) -> str:
    if not file.pages:
        return file.name
    return f"{file.name}, pages 1 to {len(file.parts)} of {file.pages}"
