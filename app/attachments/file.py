"""A file as it goes into a prompt. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    TEXT = "text"
    CODE = "code"
    PDF = "pdf"


@dataclass(frozen=True)
class File:
    """What was read of a file, without where it lay. bytes: its size on disk."""

    name: str
    kind: Kind
    bytes: int
    text: str


def with_files(text: str, files: tuple[File, ...]) -> str:
    """What the model is told: each file under its name, then what the person said."""
    parts = [f'<file name="{file.name}">\n{file.text.rstrip()}\n</file>' for file in files]
    return "\n\n".join([*parts, text] if text else parts)
