"""A person's own words, what is said as it is written, and the spaces around it."""

from __future__ import annotations

import pytest

from app.dictation.own_words import MOST, joined, own_words, worded
from app.settings import Settings
from engine.messages import SpokenWord, Transcript


def transcript(text: str) -> Transcript:
    words = tuple(SpokenWord(f" {word}", n, n + 0.5) for n, word in enumerate(text.split()))
    return Transcript(words, "en", "a recogniser", 3.0, 2.0)


def test_names_and_replacements_stand_one_a_line():
    found = own_words("Priya Raghunathan\n\n my street = 12 Rosenweg \nfoo=\n= nothing\nPriya Raghunathan")

    assert found.names == ("Priya Raghunathan",)
    assert found.table == {"my street": "12 Rosenweg", "foo": ""}


def test_no_more_names_than_a_recogniser_takes():
    assert len(own_words("\n".join(map(str, range(1000)))).names) == MOST


def test_fillers_go_and_own_words_come():
    settings = Settings(own_words="my street = 12 Rosenweg")

    assert "um" not in worded(transcript("I um live here"), settings)
    assert worded(transcript("send it to my street please"), settings) == "send it to 12 Rosenweg please"


def test_fillers_stay_and_punctuation_is_written_where_it_is_set_so():
    settings = Settings(leave_out_fillers=False, spoken_signs=True)

    assert worded(transcript("um yes comma please full stop"), settings) == "um yes, please."


@pytest.mark.parametrize(
    ("before", "text", "after", "expected"),
    [
        ("", "Yes.", "", "Yes."),
        ("He said", "yes.", "", " yes."),
        ("He said ", "yes", " and", "yes"),
        ("(", "yes", ")", "yes"),
        ("Yes", ", please", "", ", please"),
        ("a", "b", "c", " b "),
        ("one\n", "two", "", "two"),
        ("Is it", "true", "?", " true"),
    ],
)
def test_a_text_gets_the_spaces_it_needs(before, text, after, expected):
    assert joined(before, text, after) == expected
