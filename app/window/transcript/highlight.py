"""Colours of code, by Pygments. Knows no widgets; imported with the first code, since Pygments is slow to load.

Colours are few and of the same lightness, so that code stays readable in both themes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Literal, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

Colour = str
LONGEST = 200_000
"""Characters from which code is left plain."""


@dataclass(frozen=True)
class Piece:
    text: str
    colour: Colour | None
    italic: bool = False


_LIGHT = {
    "keyword": "#9b2393",
    "string": "#b3261e",
    "number": "#1c00cf",
    "comment": "#5d6c79",
    "name": "#0b4f79",
    "type": "#3900a0",
}
_DARK = {
    "keyword": "#ff7ab2",
    "string": "#ff8170",
    "number": "#d9c97c",
    "comment": "#8f9ba8",
    "name": "#78c2b3",
    "type": "#dabaff",
}
_KINDS: tuple[tuple[Any, str], ...] = (
    (Comment, "comment"),
    (Keyword.Type, "type"),
    (Keyword, "keyword"),
    (String, "string"),
    (Number, "number"),
    (Literal, "string"),
    (Name.Class, "type"),
    (Name.Builtin, "name"),
    (Name.Function, "name"),
    (Name.Decorator, "name"),
    (Name.Tag, "keyword"),
    (Name.Attribute, "name"),
)


def pieces(code: str, language: str, *, dark: bool) -> list[Piece]:
    """The code as it is, cut where its colour changes."""
    lexer = _lexer(language) if language and len(code) <= LONGEST else None
    if lexer is None:
        return [Piece(code, None)]
    return list(_coloured(code, lexer, _DARK if dark else _LIGHT))


def _coloured(code: str, lexer: Lexer, colours: dict[str, Colour]) -> Iterator[Piece]:
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        name = _kind(kind)
        yield Piece(text, colours[name] if name else None, italic=name == "comment")


@cache
def _kind(token: _TokenType) -> str | None:
    return next((name for kind, name in _KINDS if token in kind), None)


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
