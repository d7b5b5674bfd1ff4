"""What a text in Markdown consists of, flat, in reading order. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Run:
    """Text of one look. link: where it leads, "" for nowhere. image: it stands for a picture that is not fetched.

    formula: the TeX that `text` is the source of, with its marks; display: it was marked as one of its own.
    """

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    strike: bool = False
    link: str = ""
    image: bool = False
    formula: str = ""
    display: bool = False


Runs = tuple[Run, ...]


class Align(StrEnum):
    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True)
class Place:
    """How deep in lists and quotes a block stands. marker: of a list item, on its first block only."""

    indent: int = 0
    quote: int = 0
    marker: str = ""


@dataclass(frozen=True)
class Paragraph:
    runs: Runs
    place: Place = Place()


@dataclass(frozen=True)
class Heading:
    level: int
    runs: Runs
    place: Place = Place()


@dataclass(frozen=True)
class Code:
    """text: without a last line break. closed: its fence has ended."""

    text: str
    language: str = ""
    closed: bool = True
    place: Place = Place()


@dataclass(frozen=True)
class Table:
    """The first row is the header; aligns: one for each column."""

    rows: tuple[tuple[Runs, ...], ...]
    aligns: tuple[Align, ...]
    place: Place = Place()


@dataclass(frozen=True)
class Formula:
    """TeX on lines of its own. source: as it was written, with its marks. closed: its end is there."""

    text: str
    source: str
    closed: bool = True
    place: Place = Place()


@dataclass(frozen=True)
class Rule:
    place: Place = Place()


Block = Paragraph | Heading | Code | Table | Formula | Rule


def plain(runs: Runs) -> str:
    return "".join(run.text for run in runs)
