"""Words with times as text and captions."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.messages import SpokenWord
from engine.speech.captions import captions, srt, text, vtt

WORD = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=12)


@st.composite
def speech(draw):
    at, words = 0.0, []
    for _ in range(draw(st.integers(0, 40))):
        at += draw(st.sampled_from([0.0, 0.05, 0.9, 3.0]))
        end = at + draw(st.floats(0.05, 1.0))
        words.append(SpokenWord(" " + draw(WORD) + draw(st.sampled_from(["", ".", ","])), at, end))
        at = end
    return tuple(words)


def said(*timed):
    return tuple(SpokenWord(" " + word, start, end) for word, start, end in timed)


@given(speech())
def test_every_word_is_in_one_caption_and_none_overlap(words):
    made = list(captions(words))

    assert " ".join(one.text for one in made).split() == "".join(word.text for word in words).split()
    for one, following in pairwise(made):
        assert one.start < one.end <= following.start
    for one in made:
        assert len(one.text) <= 84
        assert one.end - one.start <= 6.0 or " " not in one.text


@given(speech())
def test_srt_reads_back(words):
    blocks = [block for block in srt(words).split("\n\n") if block.strip()]

    assert len(blocks) == len(list(captions(words)))
    for number, block in enumerate(blocks, 1):
        first, times, line = block.strip("\n").split("\n")
        assert first == str(number)
        assert re.fullmatch(r"\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}", times)
        assert line


def test_times_past_an_hour_and_a_rounded_second():
    assert "01:01:01,500 --> 01:01:02,000" in srt(said(("late", 3661.5, 3661.9999)))


def test_vtt_has_its_head_and_no_tags():
    assert vtt(said(("<b>", 0, 1), ("&", 1, 2))) == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n&lt;b&gt; &amp;\n"
    assert vtt(()) == "WEBVTT\n"


def test_a_sentence_ends_a_caption_and_a_title_does_not():
    words = said(("Dr.", 0, 0.3), ("Who", 0.3, 0.6), ("came.", 0.6, 1), ("Then", 1, 1.3), ("left.", 1.3, 1.6))
    assert [one.text for one in captions(words)] == ["Dr. Who came.", "Then left."]


def test_a_long_pause_makes_a_paragraph():
    assert text(said(("one", 0, 1), ("two", 1.5, 2), ("three", 4.5, 5))) == "one two\nthree\n"
    assert text(()) == ""


def test_languages_without_spaces_stay_without():
    assert text((SpokenWord("\u4f60", 0, 1), SpokenWord("\u597d", 1, 2))) == "\u4f60\u597d\n"
