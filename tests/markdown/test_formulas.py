"""What is a formula, and what only looks like one."""

from __future__ import annotations

import pytest

from app.markdown.blocks import Formula, Paragraph, plain
from app.markdown.parse import blocks


def formulas(text: str) -> list[tuple[str, bool]]:
    (block,) = blocks(text)
    assert isinstance(block, Paragraph)
    return [(run.formula, run.display) for run in block.runs if run.formula]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("So $E = mc^2$, he said", [("E = mc^2", False)]),
        (r"So \(a_1\) and \( b \)", [("a_1", False), ("b", False)]),
        (r"Then $$x$$ or \[y\] here", [("x", True), ("y", True)]),
        ("($x$)-($y$)", [("x", False), ("y", False)]),
        (r"$\{a \mid a \text{ is odd and so on}\}$", [(r"\{a \mid a \text{ is odd and so on}\}", False)]),
        (r"$\$5 + x$", [(r"\$5 + x", False)]),
        ("$2 + 2$", [("2 + 2", False)]),
        ("**so $x$**", [("x", False)]),
        ("$a *b* c$", [("a *b* c", False)]),
    ],
)
def test_formulas_in_a_line(text, found):
    assert formulas(text) == found
    (block,) = blocks(text)
    assert isinstance(block, Paragraph)
    assert plain(block.runs) == text.replace("**", "")


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6", "It costs $5.", "$5-$6 a piece", "US$5 and CA$6", "5$+6$", "from $HOME to $PATH",
        "$HOME/bin:$PATH", "`$x$`", "$ x $", "$5, or so they said, or 6$", r"\$x\$", "So $$ $$", r"\( \)", "a $ b", "$",
        r"\(", "$" + "x" * 2500 + "$",
    ],
)  # fmt: skip
def test_what_is_none(text):
    assert formulas(text) == []


@pytest.mark.parametrize("text", ["$$\nx = 1\n$$", "$$x = 1$$", "\\[\nx = 1\n\\]", "\\[ x = 1 \\]", "$$ x\n= 1 $$"])
def test_formulas_on_their_own(text):
    (block,) = blocks(text)

    assert isinstance(block, Formula)
    assert block.text.split() == ["x", "=", "1"]
    assert (block.source, block.closed) == (text, True)


def test_what_would_be_a_list_or_a_heading_stays_in_the_formula():
    (block,) = blocks("\\[\na\n- b\n# c\n=\n\\]")

    assert block == Formula("a\n- b\n# c\n=", "\\[\na\n- b\n# c\n=\n\\]")


def test_one_ends_a_paragraph_and_stands_in_a_list():
    assert [type(block) for block in blocks("So\n$$\nx\n$$\nand")] == [Paragraph, Formula, Paragraph]
    _, inner = blocks("1. first\n\n   $$\n   x\n   $$")
    assert isinstance(inner, Formula)
    assert (inner.text, inner.place.indent) == ("x", 1)


def test_a_blank_line_ends_one_that_is_not_closed():
    formula, rest = blocks("$$\nx\n\nText")

    assert formula == Formula("x", "$$\nx", closed=False)
    assert isinstance(rest, Paragraph)


def test_what_stands_behind_its_end_is_kept():
    formula, rest = blocks("$$\nx\n$$ and *so*")

    assert isinstance(formula, Formula)
    assert isinstance(rest, Paragraph)
    assert plain(rest.runs) == "and so"


def test_many_dollars_take_no_long_time():
    assert blocks("$x " * 20_000)
