"""Sentences in turns with an answer: each as long as the other worked, left off at once, never mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import messages as m
from engine.errors import KnownError
from engine.speech.speaker import Speaker
from tests.speech.fakes import Humming


class Time:
    """Goes on when a test, or a step, says so."""

    now = 0.0

    def __call__(self):
        return self.now


class Place:
    def __init__(self, step=1 / 16):
        self.time, self.told, self.rooms = Time(), list[Any](), list[int]()
        self.refuse = False
        self.voices: dict[str, Humming] = {}
        self.step = step
        self.speaker = Speaker(self.told.append, self.time, self._voice, lambda name: len(name) * 100, self._room)

    def _voice(self, name):
        if name == "broken":
            raise KnownError("It is broken.", "Download it again.")
        self.voices[name] = Humming(name, stepped=self._stepped)
        return self.voices[name]

    def _stepped(self):
        self.time.now += self.step

    def _room(self, size):
        self.rooms.append(size)
        if self.refuse and size:
            raise KnownError("There is no room.", "Close other apps.")

    def all(self):
        while self.speaker.has_work:
            self.speaker.turn()


@pytest.fixture
def place():
    return Place()


def speak(request, sentence="abc", voice="v"):
    return m.Speak(request, voice, sentence)


def test_sentences_are_made_in_order_and_told_whole(place):
    place.speaker.take(speak("1", "abc"))
    place.speaker.take(speak("2", "b"))
    place.all()

    assert [(e.request, e.samples.tolist(), e.rate, e.voice) for e in place.told] == [
        ("1", [0, 1, 2], 100, "v"),
        ("2", [1], 100, "v"),
    ]
    assert all(e.samples.dtype == np.float32 for e in place.told)


@pytest.mark.parametrize(("answer", "steps"), [(0.0, 1), (1 / 16, 1), (1 / 8, 2), (0.16, 3), (60.0, 4)])
def test_a_turn_lasts_as_long_as_the_answer_worked_but_no_longer_than_a_step_may(place, answer, steps):
    place.speaker.take(speak("1", "a" * 50))
    place.speaker.turn()  # opens the voice
    before = place.time.now
    place.time.now += answer
    place.speaker.turn()
    assert round((place.time.now - before - answer) / place.step) == steps


@pytest.mark.parametrize("done", [0, 2])
def test_a_sentence_is_left_off_where_it_is_and_the_next_begins(place, done):
    place.speaker.take(speak("1", "abcdef"))
    place.speaker.take(speak("2", "b"))
    for _ in range(done):
        place.speaker.turn()
    assert place.speaker.cancel("1")
    place.all()

    failed, spoke = place.told
    assert (failed.request, failed.known) == ("1", True)
    assert (spoke.request, spoke.samples.tolist()) == ("2", [1])
    assert place.voices["v"].left_off == (["abcdef"] if done else [])


def test_one_that_waits_is_taken_out(place):
    place.speaker.take(speak("1", "ab"))
    place.speaker.take(speak("2", "b"))
    place.speaker.turn()
    assert place.speaker.cancel("2")
    assert not place.speaker.cancel("2")
    place.all()
    assert [type(e) for e in place.told] == [m.Failed, m.Spoke]
    assert place.told[1].samples.tolist() == [0, 1]


def test_what_fails_ends_its_own_sentence_only(place):
    place.speaker.take(speak("1", "ab~"))
    place.speaker.take(speak("2", "c"))
    place.all()
    assert (place.told[0].request, place.told[0].sentence) == ("1", "It cannot say this.")
    assert place.told[1].samples.tolist() == [2]


def test_memory_is_asked_for_before_a_voice_is_opened_and_given_back(place):
    place.speaker.take(speak("1", voice="one"))
    place.all()
    assert (place.rooms, place.speaker.nbytes) == ([300], 300)

    place.speaker.take(speak("2", voice="other"))
    place.all()
    assert place.rooms == [300, 0, 500]
    assert place.voices["one"].closed
    place.speaker.rest()
    assert (place.rooms[-1], place.speaker.nbytes) == (0, 0)
    assert place.voices["other"].closed


def test_a_voice_that_speaks_is_not_taken_away(place):
    place.speaker.take(speak("1"))
    place.speaker.turn()
    place.speaker.rest()
    assert place.speaker.nbytes
    place.speaker.close()
    assert place.told[-1].known
    assert place.voices["v"].closed
    assert not place.speaker.nbytes


def test_without_room_or_when_it_is_broken_nothing_is_held(place):
    place.speaker.take(speak("1", voice="broken"))
    place.all()
    assert (place.told[0].sentence, place.rooms) == ("It is broken.", [600, 0])
    place.refuse = True
    place.speaker.take(speak("2"))
    place.all()
    assert place.told[1].sentence == "There is no room."
    assert not place.speaker.nbytes
    assert not place.voices
