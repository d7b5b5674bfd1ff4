"""What is said of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.voice.reading import sentences


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("**Bold** and *soft* and `code`", ["Bold and soft and code"]),
        ("# Title\n\nText", ["Title.", "Text"]),
        ("Dr. Who met J. Smith, e.g. Today. Then left.", ["Dr. Who met J. Smith, e.g. Today.", "Then left."]),
        ("It costs 3.50 euros. Yes.", ["It costs 3.50 euros.", "Yes."]),
        ("See [the docs](https://example.org/a/b?c=d).", ["See the docs."]),
        ("See https://example.org/a/b?c=d now", ["See link to example.org now"]),
        ("```python\na = 1\nb = 2\n```", ["Code in python, 2 lines."]),
        ("```\nls\n```", ["Code, 1 line."]),
        ("- one\n- two", ["one", "two"]),
        ("1. one\n2. two", ["1: one", "2: two"]),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 |  |", ["a: 1; b: 2.", "a: 3."]),
        ("![a cat](cat.png)", ["Picture: a cat."]),
        ("Well done \U0001f389!", ["Well done !"]),
        ("[[volm 9]] hello", ["[ [volm 9] ] hello"]),
        ("---", []),
        ("", []),
        ("...", []),
    ],
)
def test_as_one_would_read_it(markdown, said):
    assert list(sentences(markdown)) == said


def test_a_long_sentence_is_cut_at_commas():
    parts = list(sentences("word word word word, " * 60))
    assert all(len(part) <= 400 for part in parts)
    assert len(parts) > 2
    assert all(part.endswith(",") for part in parts[:-1])


def test_a_word_without_end_is_cut_too():
    assert max(map(len, sentences("a" * 1_000))) == 400


@given(st.text(max_size=300))
def test_any_text_gives_short_speakable_parts(markdown):
    for part in sentences(markdown):
        assert part == part.strip()
        assert any(letter.isalnum() for letter in part)
        assert len(part) <= 400
        assert "[[" not in part


@given(st.lists(st.sampled_from(["One", "two.", "Three!", "four,", "Five?"]), min_size=1, max_size=30))
def test_no_word_is_lost_or_said_twice(words):
    assert " ".join(sentences(" ".join(words))).split() == words
