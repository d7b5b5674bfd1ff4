"""Guesses in a row, as recognisers made them while somebody spoke: what stays, stays."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import SpokenWord
from engine.speech.agreement import Agreed

# What PocketSphinx said of the same sentence every half second.
FELLOW = [
    "",
    "and i",
    "and while my",
    "and while my fellow man",
    "and while my fellow america",
    "and while my fellow america",
    "and while my fellow america and",
    "and while my fellow america and not",
    "and while my fellow america and not like you are",
    "and while my fellow america and not like your country",
    "and while my fellow america and not like you are kind trained in new",
    "and all my fellow america and not like your country can do",
]
# The habits of Whisper: case and punctuation follow from what comes later, the last word is often cut.
SKY = [
    "The sky",
    "The sky is bl",
    "The sky is blue.",
    "The sky is blue, because",
    "The sky is blue because light",
    "The sky is blue because light is scattered.",
]


def spoken(text):
    """A word every half second."""
    return tuple(SpokenWord(" " + word, n / 2, n / 2 + 0.5) for n, word in enumerate(text.split()))


def text(words):
    return "".join(word.text for word in words).strip()


def followed(guesses):
    agreed, states = Agreed(), []
    for guess in guesses:
        agreed = agreed.next(spoken(guess))
        states.append((text(agreed.stable), text(agreed.tentative)))
    return states


@pytest.mark.parametrize("guesses", [FELLOW, SKY], ids=["fellow", "sky"])
def test_stable_words_only_grow(guesses):
    stables = [stable for stable, _ in followed(guesses)]
    for before, after in pairwise(stables):
        assert after.startswith(before)


def test_two_guesses_in_a_row_make_a_word_stable():
    states = followed(FELLOW)

    assert states[1] == ("", "and i")
    assert states[2] == ("and", "while my")
    assert states[3] == ("and while my", "fellow man")
    assert states[8] == ("and while my fellow america and not", "like you are")
    assert states[9] == ("and while my fellow america and not like", "your country")


def test_a_stable_word_stays_though_a_later_guess_has_another():
    assert followed(FELLOW)[-1][0].startswith("and while my fellow america and not like")
    assert followed(FELLOW)[-1][1] == "your country can do"


def test_case_and_punctuation_do_not_keep_words_from_being_stable():
    assert followed(SKY)[4] == ("The sky is blue, because", "light")


def test_a_guess_that_says_nothing_takes_nothing_back():
    assert followed(["one two", "one two", "", "one two three"])[-1] == ("one two", "three")


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6).map(" ".join), max_size=10))
def test_stable_grows_and_holds_only_what_two_guesses_had(guesses):
    agreed = Agreed()
    for before, guess in zip(["", *guesses], guesses, strict=False):
        after = agreed.next(spoken(guess))
        assert after.stable[: len(agreed.stable)] == agreed.stable
        for word in after.stable[len(agreed.stable) :]:
            assert word.text.strip() in before.split()
            assert word.text.strip() in guess.split()
        agreed = after
