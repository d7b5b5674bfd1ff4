"""However a text arrives, what is drawn in the end is what the whole text says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.markdown.blocks import Block
from app.markdown.parse import blocks
from app.markdown.stream import Stream

PIECES = [
    "# Title\n",
    "Some *words* and `code`",
    "\n",
    "\n\n",
    "- item\n",
    "  - inner\n",
    "1. first\n",
    "2. second\n",
    "   more of it\n",
    "```python\n",
    "x = 1\n",
    "```\n",
    "    indented\n",
    "> quoted\n",
    "| a | b |\n",
    "|---|---|\n",
    "| 1 | 2 |\n",
    "---\n",
    "**bo",
    "$x$ ",
    "$5 and ",
    "$$\n",
    "$$ a = b\n",
    "$$ so\n",
    "\\[\n",
    "\\]\n",
    "\\(y\\) ",
    "ld** text ",
]


def drawn(chunks: list[str]) -> list[Block]:
    stream = Stream()
    shown: list[Block] = []
    for chunk in chunks:
        kept = stream.fixed
        shown[kept:] = stream.add(chunk)
    return shown


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14), st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_streamed_equals_whole(pieces, steps):
    text = "".join(pieces)
    chunks, at, turn = [], 0, 0
    while at < len(text):
        chunks.append(text[at : at + steps[turn % len(steps)]])
        at += steps[turn % len(steps)]
        turn += 1

    assert drawn(chunks) == blocks(text)


def test_only_the_end_is_parsed_again():
    stream = Stream()
    for number in range(100):
        stream.add(f"Paragraph {number}.\n\n")

    assert stream.fixed == 99
    assert len(stream._tail) < 40
