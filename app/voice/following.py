"""Which sentences of an answer can be read while it is still being written. Pure.

The last piece may still change: a sentence may go on, a code block grow, a line become a heading. So it is read when
another has begun after it, or when the answer has ended.
"""

from __future__ import annotations

import re
from collections import Counter

from app.markdown.thinking import parted
from app.voice.reading import sentences

_MAY_END = frozenset(".!?\u2026\n:|`")
_BLOCK = re.compile(r"\n[ \t]*\n")
_PAIRS = re.compile(r"\*\*|__|[*`$]")


def _is_open(text: str) -> bool:
    """Marks of bold and the like, code, formula or link stand open in the last block: it may read otherwise."""
    last = _BLOCK.split(text)[-1]
    marks = Counter(_PAIRS.findall(last))
    return any(count % 2 for count in marks.values()) or last.count("[") != last.count("]")


class Following:
    """One answer. What the model thought is not read."""

    def __init__(self) -> None:
        self._given = 0
        self._looked = 0  # letters of the text when it was last cut into sentences

    def more(self, text: str, *, ended: bool) -> list[str]:
        """text: of the answer so far, or all of it. The sentences that can be read since the last call."""
        certain = max(0, len(text) - 2)  # a mark ends a sentence when a space and a letter have followed
        if not ended and (not _MAY_END.intersection(text[self._looked : certain]) or _is_open(text)):
            return []
        self._looked = certain
        found = list(sentences(parted(text).answer))
        until = len(found) if ended else max(self._given, len(found) - 1)
        new, self._given = found[self._given : until], until
        return new
