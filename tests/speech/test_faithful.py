"""What a clean-up may change in what was said, and what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.speech.faithful import why_not
from engine.speech.numerals import in_digits

POLISHED = [
    (
        "so um i think we should meet on wednesday no i mean thursday at three",
        "I think we should meet on Thursday at 3.",
    ),
    ("let's meet on wednesday no wait on thursday", "Let's meet on Thursday."),
    ("send it to ann or rather to bob", "Send it to Bob."),
    ("the the report is is late", "The report is late."),
    ("it costs twenty five dollars", "It costs $25."),
    ("about two point five percent of one thousand two hundred", "About 2.5% of 1,200."),
    ("in twenty twenty six we start", "In 2026, we start."),
    ("she can't come", "She cannot come."),
    ("that's what i mean", "That's what I mean."),
    ("write me an e mail about it", "Write me an email about it."),
    ("we could um like meet tomorrow you know", "We could meet tomorrow."),
    ("well we could go", "We could go."),
    ("first buy milk second call the plumber third sleep", "1. Buy milk\n2. Call the plumber\n3. Sleep"),
    ("number one milk number two bread", "- Milk\n- Bread"),
    ("we need milk bread and eggs", "We need:\n- milk\n- bread\n- eggs"),
    ("call me at three pm", "Call me at 3 p.m."),
    ("it was a dark and stormy night", "It was a dark and stormy night."),
    ("ich komme am donnerstag", "Ich komme am Donnerstag."),
]
CHANGED = [
    ("meet me on wednesday", "Meet me on Thursday.", "thursday"),
    ("i do not agree", "I do agree.", "not"),
    ("i do no exercise", "I exercise.", "no"),
    ("that is what i mean", "That is.", "what i mean"),
    ("the train from paris", "The train to Paris.", "to"),
    ("it costs fifteen dollars", "It costs $50.", "50"),
    ("it costs fifty dollars", "It costs dollars.", "50"),
    ("buy two apples three pears", "- apples\n- pears", "2"),
    ("what is the capital of france", "The capital of France is Paris.", "what is"),
    ("send the report", "Dear Ann, please send the report. Kind regards", "dear ann"),
    ("turn right at the church", "Turn at the church.", "right"),
    ("i like my work", "I work.", "like"),
    ("i am sorry about yesterday", "About yesterday.", "sorry"),
    ("meet on wednesday no i mean thursday", "Meet on Wednesday.", "thursday"),
    ("it is late", "", "nothing"),
    ("we meet at ten i think then we eat then we go home", "We meet at 10.", "think"),
]


@pytest.mark.parametrize(("raw", "cleaned"), POLISHED)
def test_polish_is_let_through(raw, cleaned):
    assert why_not(raw, cleaned) == ""


@pytest.mark.parametrize(("raw", "cleaned", "about"), CHANGED)
def test_a_change_of_what_was_said_is_not(raw, cleaned, about):
    assert about in why_not(raw, cleaned)


_VOCABULARY = ["we", "meet", "ann", "on", "monday", "not", "at", "from", "paris", "um", "the", "no", "i", "mean"]
WORDS = st.lists(st.sampled_from(_VOCABULARY), max_size=14)


@given(WORDS, st.integers(0, 14), st.sampled_from(["never", "berlin", "7", "unless"]))
def test_a_word_that_was_not_said_is_never_let_through(words, at, stranger):
    assert why_not(" ".join(words), " ".join([*words[:at], stranger, *words[at:]]))


@given(WORDS.filter(lambda words: "mean" not in words), st.integers(0, 13))
def test_not_is_never_lost_unless_it_was_said_twice_or_taken_back(words, at):
    at = min(at, len(words))
    said = [*(word for word in words[:at] if word != "not"), "not", *(word for word in words[at:] if word != "not")]
    assert why_not(" ".join(said), " ".join(word for word in said if word != "not"))


@given(WORDS)
def test_what_was_said_may_stand_as_it_is(words):
    assert why_not(" ".join(words), " ".join(words).capitalize() + ".") == ""


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("one hundred and five", "105"),
        ("two thousand and twenty six", "2026"),
        ("three million two hundred thousand", "3200000"),
        ("twenty first of may", "21 of may"),
        ("nineteen eighty four", "19 84"),
        ("one two three", "1 2 3"),
        ("three point one four", "3.14"),
        ("point taken", "point taken"),
        ("one and two", "1 and 2"),
        ("1,200 and 3rd", "1200 and 3"),
        ("a hundred", "a hundred"),
    ],
)
def test_numbers_in_words_are_digits(words, digits):
    assert " ".join(in_digits(words.split())) == digits
