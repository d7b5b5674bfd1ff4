"""Texts to measure with, always the same ones. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator

_VOCABULARY = """
the of and to in is that for it as with on by this from or an are be at which memory expert disk answer model
prompt layer token reading slow fast morning river letter garden window colour number question because without
between another through simple careful several often water light paper travel kitchen market winter summer
"""
_WORDS = _VOCABULARY.split()
_CODE = """```python
def between(numbers: list[int], low: int, high: int) -> list[int]:
    \"\"\"Those from low to high, in their order.\"\"\"
    kept = [number for number in numbers if low <= number <= high]
    if not kept:
        raise ValueError(f"nothing between {low} and {high}")
    return kept
```"""
_TABLE = """| what | here | beside | ratio |
| --- | --- | --- | --- |
| reading | 1.17 GB/s | 1.18 GB/s | 1.00 |
| decoding | 29.2 tokens/s | 28.0 tokens/s | 1.04 |
| waiting | 0.4 s | 0.9 s | 0.44 |"""


def sentence(chance: random.Random) -> str:
    words = chance.choices(_WORDS, k=chance.randint(8, 18))
    if chance.random() < 0.3:
        words[2] = f"**{words[2]}**"
    return " ".join(words).capitalize() + "."


def answer(words: int, seed: int = 0) -> str:
    """Markdown of that many words, some more for what ends it: headings, paragraphs, lists, code and tables."""
    chance, count = random.Random(seed), 0
    parts: list[str] = []
    while count < words:
        part = _part(len(parts), chance)
        parts.append(part)
        count += len(part.split())
    return "\n\n".join(parts)


def _part(number: int, chance: random.Random) -> str:
    match number % 12:
        case 0:
            return f"## {' '.join(chance.choices(_WORDS, k=4)).capitalize()}"
        case 5:
            return _CODE
        case 8:
            return "\n".join(f"- {sentence(chance)}" for _ in range(5))
        case 10:
            return _TABLE
        case _:
            return " ".join(sentence(chance) for _ in range(5))


def tokens(text: str) -> Iterator[str]:
    """In pieces of about a word, which together are the text."""
    rest = text
    while rest:
        at = rest.find(" ") + 1
        piece = rest[:at] if at else rest
        yield piece
        rest = rest[len(piece) :]
