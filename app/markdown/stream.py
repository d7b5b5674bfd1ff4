"""Markdown that grows: only what may still change is parsed again. Pure but for its own memory."""

from __future__ import annotations

import re
from typing import Any

from app.markdown.blocks import Block
from app.markdown.parse import Unit, units


class Stream:
    """`fixed` counts the blocks that can no longer change, `open` are those after them."""

    def __init__(self) -> None:
        self.fixed = 0
        self.open: tuple[Block, ...] = ()
        self._tail = ""
        self._references: dict[str, Any] = {}

    def add(self, text: str) -> tuple[Block, ...]:
        """All blocks from the first that could have changed: those that became fixed now, then the open ones."""
        self._tail += text
        found = units(self._tail, self._references)
        if not found:
            self.open = ()
            return ()
        settled = self._settled(found)
        fixed = tuple(block for unit in found[:settled] for block in unit.blocks)
        self.open = tuple(block for unit in found[settled:] for block in unit.blocks)
        if settled:
            self._tail = "".join(_lines(self._tail)[found[settled].line :])
            self.fixed += len(fixed)
        return fixed + self.open

    def _settled(self, found: list[Unit]) -> int:
        """How many units can no longer change: all but the last, and but the one before if a half line parts them."""
        lines = _lines(self._tail)
        half = len(lines) - 1 if not self._tail.endswith("\n") else len(lines)
        return max(0, len(found) - (2 if found[-1].line >= half else 1))


def _lines(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)
