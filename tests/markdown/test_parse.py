"""What models write, as blocks."""

from __future__ import annotations

import pytest

from app.markdown.blocks import Align, Code, Heading, Paragraph, Place, Rule, Run, Table, plain
from app.markdown.parse import blocks


def test_a_paragraph_with_looks():
    assert blocks("a **b** *c* `d` ~~e~~") == [
        Paragraph(
            (
                Run("a "),
                Run("b", bold=True),
                Run(" "),
                Run("c", italic=True),
                Run(" "),
                Run("d", code=True),
                Run(" "),
                Run("e", strike=True),
            )
        )
    ]


def test_headings_and_rules():
    assert blocks("## Title\n\n---\n") == [Heading(2, (Run("Title"),)), Rule()]


def test_lists_know_depth_and_number():
    found = blocks("3. one\n   - inner\n4. two\n\n   more\n")

    assert [(plain(b.runs), b.place) for b in found if isinstance(b, Paragraph)] == [
        ("one", Place(1, 0, "3.")),
        ("inner", Place(2, 0, "•")),
        ("two", Place(1, 0, "4.")),
        ("more", Place(1, 0, "")),
    ]


def test_quotes_nest():
    assert [b.place.quote for b in blocks("> a\n>\n> > b\n\nc")] == [1, 2, 0]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("```python\nx = 1\n```", Code("x = 1", "python", closed=True)),
        ("```python\nx = 1", Code("x = 1", "python", closed=False)),
        ("```", Code("", "", closed=False)),
        ("```\n```", Code("", "", closed=True)),
        ("~~~~\n```\n~~~~", Code("```", "", closed=True)),
        ("    indented", Code("indented", "", closed=True)),
    ],
)
def test_code(text, code):
    assert blocks(text) == [code]


def test_a_table():
    assert blocks("| a | b |\n|---|--:|\n| 1 | **2** |\n") == [
        Table(
            (((Run("a"),), (Run("b"),)), ((Run("1"),), (Run("2", bold=True),))),
            (Align.LEFT, Align.RIGHT),
        )
    ]


def test_addresses_are_links_and_their_full_stop_is_not():
    assert blocks("See https://a.example/x?y=1. [here](https://b.example)") == [
        Paragraph(
            (
                Run("See "),
                Run("https://a.example/x?y=1", link="https://a.example/x?y=1"),
                Run(". "),
                Run("here", link="https://b.example"),
            )
        )
    ]


def test_a_picture_is_a_link_that_nothing_fetches():
    assert blocks("![a cat](https://a.example/cat.png)") == [
        Paragraph((Run("a cat", link="https://a.example/cat.png", image=True),))
    ]


def test_html_is_text():
    assert blocks("<script>x</script>") == [Paragraph((Run("<script>x</script>"),))]
