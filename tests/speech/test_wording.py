"""Fillers, spoken signs and replacements, on words as recognisers give them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import SpokenWord
from engine.speech.wording import replaced, with_signs, without_fillers

HEARD = st.lists(
    st.sampled_from(["um", "Uh,", "hello", "world.", "comma", "period", "new", "line", "open", "quote", "ada", "love"]),
    max_size=12,
)


def spoken(text):
    return tuple(SpokenWord(" " + word, float(n), n + 1.0) for n, word in enumerate(text.split()))


def text(words):
    return "".join(word.text for word in words).strip()


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("um I think uh so", "I think so"),
        ("I think so, um.", "I think so."),
        ("I think so um.", "I think so."),
        ("the umbrella er fell", "the umbrella fell"),
        ("Um, uh", ""),
    ],
)
def test_fillers_go_and_nothing_else(heard, written):
    assert text(without_fillers(spoken(heard))) == written


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("hello comma world period how are you question mark", "hello, world. How are you?"),
        ("one full stop two", "one. Two"),
        ("dear Ada comma new line thank you", "dear Ada,\nThank you"),
        ("end period new paragraph next", "end.\n\nNext"),
        ("she said open quote yes close quote", "she said \u201cyes\u201d"),
        ("hello, comma world", "hello, world"),
        ("a new car", "a new car"),
        ("period", "."),
    ],
)
def test_spoken_signs_become_signs(heard, written):
    assert text(with_signs(spoken(heard))) == written


@pytest.mark.parametrize(
    ("heard", "table", "written"),
    [
        ("ask cadder today", {"cadder": "Cadre"}, "ask Cadre today"),
        ("ada love lace, wrote", {"ada love lace": "Ada Lovelace", "ada": "ADA"}, "Ada Lovelace, wrote"),
        ("Cadder. CADDER!", {"cadder": "Cadre"}, "Cadre. Cadre!"),
        ("you know it works", {"you know": ""}, "it works"),
        ("caddering", {"cadder": "Cadre"}, "caddering"),
        ("as it was", {"": "x", " ": "y"}, "as it was"),
    ],
)
def test_words_are_written_as_the_person_wants(heard, table, written):
    assert text(replaced(spoken(heard), table)) == written


@given(HEARD)
def test_times_stay_in_order_and_within_what_was_said(heard):
    words = spoken(" ".join(heard))
    for made in (without_fillers(words), with_signs(words), replaced(words, {"ada love": "Ada", "new": ""})):
        assert all(word.start < word.end for word in made)
        assert all(one.end <= other.start for one, other in pairwise(made))
        assert not made or made[-1].end <= words[-1].end


@given(HEARD)
def test_what_has_no_filler_sign_or_entry_is_unchanged(heard):
    words = spoken(" ".join(word for word in heard if word in {"hello", "ada", "love"}))
    assert without_fillers(words) == with_signs(words) == replaced(words, {"x": "y"}) == words


@given(HEARD)
def test_once_is_enough(heard):
    words = spoken(" ".join(heard))
    assert without_fillers(without_fillers(words)) == without_fillers(words)
