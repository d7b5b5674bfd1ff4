"""Sentences to sound on a thread: in order, without a gap, silent at once, never a word of what was silenced."""

from __future__ import annotations

import queue
import threading

import numpy as np
import pytest

from app.voice.aloud import Aloud, Ended
from app.voice.voices import Spoken
from engine.errors import KnownError

PATIENCE = 30.0


class Speaker:
    """A loudspeaker whose sounds last until the test says so. heard: what was started."""

    def __init__(self, *, instant=True):
        self.instant = instant
        self.heard: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._over = threading.Event()
        self._over.set()

    def start(self, spoken):
        if not self.instant:
            self._over.clear()
        self.heard.put(spoken.samples.tobytes().decode())

    def wait(self):
        assert self._over.wait(PATIENCE)

    def stop(self):
        self._over.set()

    def finish(self):
        self._over.set()

    def next(self):
        return self.heard.get(timeout=PATIENCE)


def sound(text, speed=1.0):
    return Spoken(np.frombuffer(text.encode(), np.uint8), 1)


@pytest.fixture
def made():
    """made(say, instant) -> aloud, its speaker, what it told. Closed afterwards."""
    all_of_them = []

    def made(say=sound, *, instant=True):
        speaker = Speaker(instant=instant)
        told: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        all_of_them.append(Aloud(say, speaker, told.put))
        return all_of_them[-1], speaker, told

    yield made
    for aloud in all_of_them:
        aloud.close()
    assert "cadre-voice" not in [thread.name for thread in threading.enumerate()]


def test_sentences_are_heard_in_order_and_the_end_is_told(made):
    aloud, speaker, told = made()
    reading = aloud.begin()
    for sentence in ("One.", "Two.", "Three."):
        aloud.add(reading, sentence)
    aloud.end(reading)

    assert told.get(timeout=PATIENCE) == Ended(reading)
    assert [speaker.next() for _ in range(3)] == ["One.", "Two.", "Three."]


def test_the_next_sentence_is_made_while_one_is_heard(made):
    said: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()

    def say(text, speed):
        said.put((text, speed))
        return sound(text)

    aloud, speaker, _told = made(say, instant=False)
    aloud.speed = 1.5
    reading = aloud.begin()
    aloud.add(reading, "One.")
    aloud.add(reading, "Two.")

    assert speaker.next() == "One."
    assert [said.get(timeout=PATIENCE) for _ in range(2)] == [("One.", 1.5), ("Two.", 1.5)]
    assert speaker.heard.empty()
    speaker.finish()
    assert speaker.next() == "Two."


def test_silence_ends_it_in_the_middle_and_nothing_more_of_it_is_heard(made):
    aloud, speaker, told = made(instant=False)
    first = aloud.begin()
    for sentence in ("One.", "Two.", "Three."):
        aloud.add(first, sentence)
    aloud.end(first)
    assert speaker.next() == "One."
    aloud.silence()

    second = aloud.begin()
    aloud.add(second, "Another.")
    assert speaker.next() == "Another."
    speaker.finish()
    aloud.end(second)
    assert told.get(timeout=PATIENCE) == Ended(second)
    assert speaker.heard.empty()


def test_a_sentence_that_was_being_made_when_it_was_silenced_is_not_heard(made):
    making, go_on = threading.Event(), threading.Event()

    def say(text, _speed):
        if text == "Slow.":
            making.set()
            assert go_on.wait(PATIENCE)
        return sound(text)

    aloud, speaker, _told = made(say)
    aloud.add(aloud.begin(), "Slow.")
    assert making.wait(PATIENCE)
    aloud.add(aloud.begin(), "Next.")
    go_on.set()
    assert speaker.next() == "Next."


def test_what_fails_is_told_once_and_the_rest_is_left(made):
    def say(text, _speed):
        raise KnownError("There is no voice.", "Install one.")

    aloud, speaker, told = made(say)
    reading = aloud.begin()
    aloud.add(reading, "One.")
    aloud.add(reading, "Two.")
    aloud.end(reading)
    failed = told.get(timeout=PATIENCE)
    assert (failed.reading, failed.error.sentence) == (reading, "There is no voice.")

    aloud.end(aloud.begin())
    assert told.get(timeout=PATIENCE).error is None
    assert speaker.heard.empty()


def test_closing_needs_no_reading(made):
    aloud, _, _ = made()
    aloud.close()
