"""What a model is asked for polish, what is taken of its answer, and when a person waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import KnownError
from engine.messages import CleanUp, Priority, SpokenWord
from engine.models.catalogue import InstalledModel, resolve
from engine.models.folders import Source
from engine.speech.cleanup import asking, capable, passages, polished, worth_waiting


def test_it_is_asked_at_the_dictation_preset_with_the_names():
    ask = asking(CleanUp("c", "/m", "we meet ann", ("Ann", "Cadre"), memory=5))
    assert ask.priority is Priority.DICTATION
    assert ask.turns[-1].content == "we meet ann"
    assert "Ann, Cadre" in ask.turns[0].content
    assert ask.memory == 5


def test_never_of_the_demonstration_by_whatever_name():
    for name in ("builtin", str(resolve("builtin"))):
        with pytest.raises(KnownError, match="demonstration"):
            asking(CleanUp("c", name, "we meet"))


def test_quotes_and_thoughts_around_it_are_taken_off():
    assert polished("we meet", "<think>hm</think> \u201cWe meet.\u201d").text == "We meet."
    assert polished('"we meet"', '"We meet."').text == '"We meet."'


def test_its_own_example_is_faithful():
    said, written = (turn.content for turn in asking(CleanUp("c", "/m", "x")).turns[1:3])
    assert polished(said, written).why == ""


def test_the_capable_ones():
    def model(name, source=Source.CADRE, problem=None, *, measured=False):
        return InstalledModel(name, Path(name), 1, source, "qwen3_moe", problem, measured)

    found = [
        model("b", Source.BUILTIN),
        model("broken", problem="No weights."),
        model("one"),
        model("two", measured=True),
    ]
    assert [one.name for one in capable(found)] == ["two", "one"]


def test_nobody_waits_for_what_took_long_or_is_unknown():
    assert not worth_waiting("we meet", [])
    assert worth_waiting("x" * 50, [(100, 1.0)])
    assert not worth_waiting("x" * 50, [(100, 1.0), (10, 1.0)])
    assert worth_waiting("x" * 50, [(10, 1.0), (100, 1.0), (100, 1.0), (100, 1.0)])


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0.1, 1)), max_size=600))
def test_passages_hold_every_word_once(gaps):
    at, words = 0.0, []
    for pause, length in gaps:
        words.append(SpokenWord(" w", at + pause, at + pause + length))
        at += pause + length
    parts = list(passages(words))
    assert [word for part in parts for word in part] == words
    assert all(0 < len(part) <= 240 for part in parts)
