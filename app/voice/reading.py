"""Markdown as one would read it aloud: sentence by sentence, code and addresses named instead of spelt. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.markdown.blocks import Block, Code, Heading, Paragraph, Rule, Run, Runs, Table
from app.markdown.parse import blocks

_ABBREVIATIONS = ("dr", "mr", "mrs", "ms", "prof", "st", "e.g", "i.e", "etc", "vs", "no", "fig", "approx", "z.b", "bzw")
_END = re.compile(r"(?<=[.!?\u2026])[\"'\u201d)\]]*\s+(?=[\"'\u201c(\[]?[^\sa-z])")
_SPACES = re.compile(r"\s+")
_LONGEST = 400
"""Letters of a sentence; a longer one is cut at a comma or space, so that the voice begins soon."""


def sentences(markdown: str) -> Iterator[str]:
    """What to say, piece by piece, each worth beginning to speak. Nothing for a text without words."""
    for block in blocks(markdown):
        for part in _block(block):
            yield from _cut(part)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph():
            number = block.place.marker.rstrip(".)")
            yield (f"{number}: " if number.isdigit() else "") + _said(block.runs)
        case Heading():
            yield _ended(_said(block.runs))
        case Code():
            lines = block.text.count("\n") + 1
            kind = f" in {block.language}" if block.language else ""
            yield f"Code{kind}, {lines} {'line' if lines == 1 else 'lines'}."
        case Table():
            yield from _table(block)
        case Rule():
            pass


def _table(table: Table) -> Iterator[str]:
    """Every row with the names of its columns."""
    header, *rows = table.rows
    names = [_said(cell) for cell in header]
    for row in rows:
        cells = [
            f"{name}: {said}" if name else said for name, cell in zip(names, row, strict=False) if (said := _said(cell))
        ]
        yield _ended("; ".join(cells))


def _said(runs: Runs) -> str:
    return _clean("".join(_run(run) for run in runs))


def _run(run: Run) -> str:
    if run.image:
        return f"Picture: {run.text}. " if run.text else "Picture. "
    if run.link and run.text.strip() in {run.link, run.link.partition("://")[2]}:
        return f"link to {urlsplit(run.link).hostname or run.text}"
    return run.text


def _clean(text: str) -> str:
    """Without pictures in letters (emoji) and marks that voices take for commands."""
    kept = "".join(
        letter if unicodedata.category(letter) not in {"So", "Cs", "Co", "Cf", "Cc"} else " " for letter in text
    )
    return _SPACES.sub(" ", kept.replace("[[", "[ [").replace("]]", "] ]")).strip()


def _ended(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", "\u2026", ":")) else text + "."


def _cut(text: str) -> Iterator[str]:
    begin = 0
    for end in _END.finditer(text):
        if not _is_abbreviation(text[begin : end.start()]):
            yield from _short(text[begin : end.end()].strip())
            begin = end.end()
    yield from _short(text[begin:].strip())


def _is_abbreviation(text: str) -> bool:
    last = text.rsplit(None, 1)[-1].lstrip("(\"'").casefold()
    return last.removesuffix(".") in _ABBREVIATIONS or (len(last) == 2 and last[0].isalpha() and last[1] == ".")


def _short(text: str) -> Iterator[str]:
    while len(text) > _LONGEST:
        at = max(text.rfind(", ", 0, _LONGEST) + 1, 0) or max(text.rfind(" ", 0, _LONGEST), 0) or _LONGEST
        yield text[:at].strip()
        text = text[at:].strip()
    if any(letter.isalnum() for letter in text):
        yield text
