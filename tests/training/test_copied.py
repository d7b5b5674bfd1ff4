"""What counts as said again, in tokens and in answers; and that a model which copies is told from one that does not."""

from __future__ import annotations

import mlx.core as mx
import pytest

from engine.training.copied import as_before, of_dialogues, of_echoes
from engine.training.dialogues import Turn
from engine.training.renaming import Names
from engine.training.transcripts import heard_of


def test_a_token_counts_when_it_followed_the_same_two_before():
    assert as_before([1, 2, 3, 1, 2, 3, 1, 2, 4]) == [False, False, False, True, True, True, False]


class Sure:
    """Expects each token again that followed the present one last; without one, all alike."""

    def __call__(self, tokens):
        row = tokens[0].tolist()
        logits = mx.zeros((1, len(row), 300))
        last: dict[int, int] = {}
        for at, token in enumerate(row):
            if at:
                last[row[at - 1]] = token
            if token in last:
                logits[0, at, last[token]] = 20.0
        return logits


class Blank:
    def __call__(self, tokens):
        return mx.zeros((*tokens.shape, 300))


def encode(dialogue):
    return [t for turn in dialogue for t in (256 + len(turn.role), *turn.text.encode(), 299)]


def test_echoes_tell_who_copies():
    names = Names.of([(Turn("user", "a table at Sino in Jose"),)])
    copies, blank = (of_echoes(model, encode, names) for model in (Sure(), Blank()))
    assert blank["said"] == pytest.approx(blank["said_back"])
    assert copies["said_back"] < copies["said"]


def test_dialogues_tell_who_copies():
    found = of_dialogues(Sure(), [[1, 2, 3, 1, 2, 3, 1, 2, 3]])
    assert found["as_before"] == pytest.approx(0, abs=1e-3)
    assert found["others"] > 3
    assert found["as_before"] < found["all"] < found["others"]


def test_names_and_times_that_the_person_said_are_counted():
    answer = "Booking a table at Sino in Palo Alto at 11:30, and 7:15 is free."
    assert heard_of(answer, "Sino, at 11:30") == (2, 5)
