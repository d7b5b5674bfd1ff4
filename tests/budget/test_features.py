from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.budget.counted import COUNTED
from engine.budget.features import BEGINNING, BUCKETS, END, SEEN_BITS, features


def counted(text: str, name: str) -> int:
    return int(features(text).counts[list(COUNTED).index(name)])


@given(st.text())
def test_any_text_has_features_within_bounds(text):
    found = features(text)

    assert (np.diff(found.indices) > 0).all()
    assert all(0 <= i < BUCKETS for i in found.indices)
    assert all(0 <= i < SEEN_BITS for i in found.known_at)
    assert np.isfinite(found.counts).all()


def test_case_and_the_punctuation_of_sentences_do_not_count():
    assert features("Set a timer, please!").indices.tolist() == features("set a timer please").indices.tolist()


def test_of_a_number_only_its_length_counts():
    assert features("add 17 and 25").indices.tolist() == features("add 99 and 10").indices.tolist()
    assert features("add 17 and 25").indices.tolist() != features("add 1700 and 25").indices.tolist()


def test_only_the_beginning_and_the_end_of_a_long_text_are_looked_at():
    short = "a" * BEGINNING + " " + "b" * END

    assert features("a" * BEGINNING + "?" * 1_000_000 + "b" * END).indices.tolist() == features(short).indices.tolist()


def test_the_first_word_is_one_more_feature():
    assert set(features("write code").indices) - set(features("code write").indices)


def test_constraints_are_counted():
    text = "Write a letter in three paragraphs, at most 90 words, and don't use the word passionate."

    assert counted(text, "constraints") == 3


def test_curly_apostrophes_are_apostrophes():
    assert counted("don\u2019t shout", "constraints") == 1


def test_code_is_not_found_in_prose():
    assert counted("The class of 1999 will return; a function of the import.", "code") == 0
    assert counted("def last(xs):\n    return xs[len(xs)]", "code") > 0
