"""Markdown to blocks. CommonMark with tables, strikethrough and formulas; HTML is text; pictures become links. Pure.

A text is cut into units: what stands at the top level, and each item of a list there. A unit that another one
follows never changes when text is added at the end, which is what streaming rests on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.markdown import formulas
from app.markdown.blocks import Align, Block, Code, Formula, Heading, Paragraph, Place, Rule, Run, Runs, Table

_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?'\])}]")
_BULLET = "•"
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKDOWN.use(formulas.plugin)
_MARKDOWN.options["maxNesting"] = 20


@dataclass(frozen=True)
class Unit:
    """line: where it begins in the text it was parsed from, from 0."""

    line: int
    blocks: tuple[Block, ...]


def blocks(text: str) -> list[Block]:
    return [block for unit in units(text) for block in unit.blocks]


def units(text: str, references: dict[str, Any] | None = None) -> list[Unit]:
    """references: link definitions found so far; those of this text are added."""
    env = {} if references is None else references
    tokens = _MARKDOWN.parse(text, env)
    still_open = _open_fence(tokens, text)
    return [Unit(line, tuple(_Walk(part, still_open).blocks())) for line, part in _parted(tokens)]


def _parted(tokens: list[Token]) -> Iterator[tuple[int, list[Token]]]:
    """The tokens of each unit and its first line. An item of a top-level list keeps the list's opening before it."""
    part: list[Token] = []
    line = 0
    lists: list[Token] = []
    for token in tokens:
        starts = (token.level == 0 and token.nesting >= 0) or (token.type == "list_item_open" and token.level == 1)
        if token.type in _LISTS and token.level == 0:
            lists = [token]
            continue
        if token.level == 0 and token.type in _LIST_ENDS:
            lists = []
            continue
        if starts:
            if part:
                yield line, part
            line = token.map[0] if token.map else line
            part = [*lists]
        part.append(token)
    if part:
        yield line, part


_LISTS = {"bullet_list_open", "ordered_list_open"}
_LIST_ENDS = {"bullet_list_close", "ordered_list_close"}


def _open_fence(tokens: list[Token], text: str) -> Token | None:
    """The fence at the very end of the text that nothing has closed yet."""
    last = next((token for token in reversed(tokens) if token.type == "fence"), None)
    if last is None or last.map is None:
        return None
    begin, end = last.map
    if end < text.rstrip("\n").count("\n") + 1:
        return None
    final = text.rstrip("\n").rsplit("\n", 1)[-1].strip(" >")
    closes = final.startswith(last.markup) and not final.strip(last.markup[0])
    return None if closes and end - begin > 1 else last


class _Walk:
    """Goes through the tokens of one unit, keeping how deep it stands."""

    def __init__(self, tokens: list[Token], still_open: Token | None) -> None:
        self._tokens = tokens
        self._still_open = still_open
        self._numbers: list[int | None] = []
        self._quote = 0
        self._marker = ""

    def blocks(self) -> Iterator[Block]:
        at = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            if token.type == "table_open":
                end = next(i for i in range(at, len(self._tokens)) if self._tokens[i].type == "table_close")
                yield _table(self._tokens[at:end], self._place())
                at = end
            elif token.type == "inline":
                yield self._text(token, self._tokens[at - 1])
            elif token.type in {"fence", "code_block"}:
                closed = token is not self._still_open
                yield Code(token.content.rstrip("\n"), _language(token), closed, self._place())
            elif token.type == "formula_block":
                yield Formula(token.content, token.meta["source"], token.meta["closed"], self._place())
            elif token.type == "hr":
                yield Rule(self._place())
            else:
                self._move(token)
            at += 1

    def _move(self, token: Token) -> None:
        if token.type in _LISTS:
            self._numbers.append(int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None)
        elif token.type in _LIST_ENDS:
            self._numbers.pop()
        elif token.type == "list_item_open":
            self._marker = _BULLET if self._numbers[-1] is None else f"{token.info or self._numbers[-1]}."
        elif token.type.startswith("blockquote"):
            self._quote += token.nesting

    def _text(self, token: Token, opening: Token) -> Block:
        inline = runs(token.children or [])
        if opening.type == "heading_open":
            return Heading(int(opening.tag[1]), inline, self._place())
        return Paragraph(inline, self._place())

    def _place(self) -> Place:
        marker, self._marker = self._marker, ""
        return Place(len(self._numbers), self._quote, marker)


def _language(token: Token) -> str:
    words = token.info.split()
    return words[0].strip("{}.").lower() if words else ""


def _table(tokens: list[Token], place: Place) -> Table:
    rows: list[tuple[Runs, ...]] = []
    row: list[Runs] = []
    aligns: list[Align] = []
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(runs(token.children or []))
            if before.type == "th_open":
                aligns.append(_align(before))
        elif token.type == "tr_close":
            rows.append(tuple(row))
    return Table(tuple(rows), tuple(aligns), place)


def _align(cell: Token) -> Align:
    style = str(cell.attrGet("style") or "")
    return next((align for align in Align if style.endswith(align)), Align.LEFT)


_SWITCHES: dict[str, Callable[[Run, bool], Run]] = {
    "strong": lambda look, on: replace(look, bold=on),
    "em": lambda look, on: replace(look, italic=on),
    "s": lambda look, on: replace(look, strike=on),
}


def runs(children: list[Token]) -> Runs:
    """Inline tokens as runs; neighbours of one look become one."""
    look = Run("")
    found: list[Run] = []
    for token in children:
        name, _, end = token.type.rpartition("_")
        if name in _SWITCHES:
            look = _SWITCHES[name](look, end == "open")
        elif token.type == "link_open":
            look = replace(look, link=str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            look = replace(look, link="")
        else:
            found += _of(token, look)
    return _merged(found)


def _of(token: Token, look: Run) -> list[Run]:
    if token.type == "softbreak":
        return [replace(look, text=" ")]
    if token.type == "hardbreak":
        return [replace(look, text="\u2028")]
    if token.type == "code_inline":
        return [replace(look, text=token.content, code=True)]
    if token.type == "formula_inline":
        display = token.markup in {"$$", r"\["}
        return [replace(look, text=token.meta["source"], formula=token.content, display=display)]
    if token.type == "image":
        source = str(token.attrGet("src") or "")
        return [replace(look, text=token.content or source, link=look.link or source, image=True)]
    return [replace(look, text=token.content)] if look.link else _with_urls(token.content, look)


def _with_urls(text: str, look: Run) -> list[Run]:
    if "://" not in text:
        return [replace(look, text=text)]
    found, at = [], 0
    for match in _URL.finditer(text):
        found += [replace(look, text=text[at : match.start()]), replace(look, text=match[0], link=match[0])]
        at = match.end()
    return [*found, replace(look, text=text[at:])]


def _merged(found: list[Run]) -> Runs:
    merged: list[Run] = []
    for run in found:
        if merged and _look(merged[-1]) == _look(run) and not run.image and not run.formula:
            merged[-1] = replace(run, text=merged[-1].text + run.text)
        elif run.text:
            merged.append(run)
    return tuple(merged)


def _look(run: Run) -> tuple[object, ...]:
    """All but what it says."""
    return (run.bold, run.italic, run.strike, run.code, run.link, run.image, run.formula, run.display)
