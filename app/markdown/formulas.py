r"""Formulas in Markdown: `$x$`, `\(x\)` in a line, `$$x$$`, `\[x\]` on lines of their own. Pure.

A dollar is money unless it hugs what it opens and closes: `$5 and $6` is no formula, nor is `$HOME/bin:$PATH`.
Whether a line begins a display formula is decided by that line alone, and a blank line ends it, closed or not:
so what streams is cut where the whole text is.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST = 2000
"""Letters of a formula in a line; past that it is text."""
_CLOSERS = {"$$": "$$", r"\[": r"\]", "$": "$", r"\(": r"\)"}
_PROSE = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{2,} [a-zA-Z]{2,}")
_WORDED = re.compile(r"\\[a-zA-Z]+\s*\{[^{}]*\}")


def plugin(markdown: MarkdownIt) -> None:
    markdown.block.ruler.before(
        "fence", "formula", _block, {"alt": ["paragraph", "reference", "blockquote", "list", "table"]}
    )
    markdown.inline.ruler.before("escape", "formula", _inline)


# --- on lines of their own --------------------------------------------------------------------------------


def _block(state: StateBlock, line: int, last: int, silent: bool) -> bool:
    if state.is_code_block(line):
        return False
    first = _line(state, line)
    mark = first[:2]
    if mark not in {"$$", r"\["} or first.startswith("$$$"):
        return False
    closer = _CLOSERS[mark]
    at = first.find(closer, 2)
    if at >= 0 and first[at + 2 :].strip():
        return False  # it goes on after the formula: a formula in a line
    if silent:
        return True
    end, text, after = _read(state, line, last, closer)
    token = state.push("formula_block", "", 0)
    token.map = [line, end]
    token.content = text
    token.markup = mark
    token.meta = {"closed": after is not None, "source": state.getLines(line, end, state.blkIndent, False).rstrip("\n")}
    if after:
        _paragraph(state, after, token.level + 1)
    state.line = end
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _read(state: StateBlock, line: int, last: int, closer: str) -> tuple[int, str, str | None]:
    """The line after it, what it says, and what stands after its end; None when it has none."""
    said: list[str] = []
    at = line
    while at < last and not (at > line and (state.isEmpty(at) or state.sCount[at] < state.blkIndent)):
        text = _line(state, at)[2 if at == line else 0 :]
        before, end, after = text.partition(closer)
        said.append(before)
        at += 1
        if end:
            return at, "\n".join(said).strip(), after.strip()
    return at, "\n".join(said).strip(), None


def _paragraph(state: StateBlock, text: str, level: int) -> None:
    """What stands behind the end of a formula: one level down, so that both stay one unit."""
    begin = state.push("paragraph_open", "p", 1)
    inside = state.push("inline", "", 0)
    end = state.push("paragraph_close", "p", -1)
    inside.content, inside.children = text, []
    begin.level = inside.level = end.level = level


# --- in a line --------------------------------------------------------------------------------------------


def _inline(state: StateInline, silent: bool) -> bool:
    found = _opened(state.src, state.pos)
    if found is None:
        return False
    mark, text = found
    source = mark + text + _CLOSERS[mark]
    if not silent:
        token = state.push("formula_inline", "", 0)
        token.content, token.markup = text.strip(), mark
        token.meta = {"source": source}
    state.pos += len(source)
    return True


def _opened(text: str, at: int) -> tuple[str, str] | None:
    """The opening mark and what it opens."""
    mark = next((mark for mark in _CLOSERS if text.startswith(mark, at)), None)
    if mark is None:
        return None
    closer = _CLOSERS[mark]
    begin = at + len(mark)
    if mark == "$":
        return _dollars(text, at, begin)
    end = text.find(closer, begin, begin + LONGEST)
    inside = text[begin:end]
    return (mark, inside) if end > begin and inside.strip() else None


def _dollars(text: str, at: int, begin: int) -> tuple[str, str] | None:
    if text[begin : begin + 1].isspace() or (at and (text[at - 1].isalnum() or text[at - 1] == "$")):
        return None
    end = begin
    while True:
        end = text.find("$", end + 1, begin + LONGEST)
        if end < 0:
            return None
        if text[end - 1] == "\\":
            continue
        inside = text[begin:end]
        closes = not inside[-1].isspace() and not text[end + 1 : end + 2].isalnum()
        return ("$", inside) if closes and not _is_prose(inside) else None


def _is_prose(inside: str) -> bool:
    r"""Words side by side that no command like \text{...} holds."""
    return bool(_PROSE.search(_WORDED.sub("", inside)))
