"""Names are found without a list of them, exchanged throughout a dialogue, and what is said once stays."""

from __future__ import annotations

import numpy as np
import pytest

from engine.training.dialogues import Turn
from engine.training.renaming import Names, echo, renamed, varied

DIALOGUE = (
    Turn("user", "Yes, a table at Sino in San Jose at 11:30, please. Call 408-555-0199."),
    Turn("assistant", "Please confirm: Sino in San Jose, at 11:30. Yes? The fee is 12."),
    Turn("user", "Yes, please. Is it near Milpitas?"),
)


@pytest.fixture
def names():
    return Names.of([DIALOGUE])


def test_names_are_words_with_a_capital_within_sentences(names):
    assert set(names.words) == {"Sino", "San", "Jose", "Milpitas"}


@pytest.mark.parametrize("seed", range(5))
def test_what_is_said_again_is_exchanged_everywhere_for_the_same(names, seed):
    other = renamed(DIALOGUE, names, np.random.default_rng(seed))
    place, city, clock = _said(other[0].text)
    assert "San Jose" not in " ".join(t.text for t in other)
    assert other[1].text == f"Please confirm: {place} in {city}, at {clock}. Yes? The fee is 12."


def test_what_is_said_once_and_ordinary_words_stay(names):
    other = renamed(DIALOGUE, names, np.random.default_rng(0))
    assert other[2] == DIALOGUE[2]
    assert other[0].text.endswith("please. Call 408-555-0199.")
    assert [t.role for t in other] == [t.role for t in DIALOGUE]


def test_an_echo_says_back_what_was_listed(names):
    asked, answered = echo(names, np.random.default_rng(1))
    assert answered.text.rstrip(".") in asked.text
    assert "," in answered.text


def test_the_same_seed_gives_the_same_corpus():
    corpus = [DIALOGUE] * 20
    one, again = (varied(corpus, share=0.5, echoes=0.25, seed=7) for _ in range(2))
    assert one == again
    assert len(one) == 25
    assert 0 < sum(d != DIALOGUE for d in one[:20]) < 20


def _said(text):
    """Of "..., a table at PLACE in CITY at TIME, ..."."""
    place, rest = text.split(" at ", 1)[1].split(" in ")
    city, clock = rest.split(" at ")
    return place, city, clock.split(",")[0]
