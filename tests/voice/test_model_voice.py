"""A voice model through the engine's line: whole sentences, hushed at any moment, and the system's voice instead."""

from __future__ import annotations

import queue
import threading

import numpy as np
import pytest

from app.voice.aloud import Aloud, Ended
from app.voice.model_voice import ChosenVoice, ModelVoice
from app.voice.voices import Spoken
from engine import messages as m
from engine.errors import KnownError
from tests.voice.test_aloud import PATIENCE, Speaker, sound

REMEDY = KnownError("It is broken.", "Download it again.")


class Line:
    """The engine's: what was sent; `instantly` answers on a thread of its own, as events come."""

    def __init__(self, instantly=None):
        self.sent: queue.SimpleQueue[m.Command] = queue.SimpleQueue()
        self.instantly = instantly
        self.voice = ModelVoice(self.send)

    def send(self, command):
        self.sent.put(command)  # on whichever thread, as the window's line
        if self.instantly and isinstance(command, m.Speak):
            event = self.instantly(command)
            threading.Thread(target=self.voice.hear, args=(event,), daemon=True).start()

    def next(self):
        return self.sent.get(timeout=PATIENCE)


def spoke(command, rate=1):
    return m.Spoke(command.request, np.frombuffer(command.sentence.encode(), np.uint8), rate, "a voice")


def refused(command):
    return m.Failed(command.request, True, REMEDY.sentence, REMEDY.next_step)


def test_a_sentence_is_asked_for_and_comes():
    line = Line(spoke)
    spoken = line.voice.speak("folder", "Hello.", 1.0)
    assert (spoken.samples.tobytes(), spoken.rate) == (b"Hello.", 1)
    command = line.next()
    assert (command.voice, command.sentence) == ("folder", "Hello.")


def test_events_of_others_are_left_alone():
    line = Line(spoke)
    line.voice.hear(m.Spoke("speak-0", np.zeros(3, np.float32), 1, "before it was asked"))
    line.voice.hear(m.Failed("", True, "x", "y"))
    assert line.voice.speak("folder", "Hello.", 1.0).samples.tobytes() == b"Hello."


def test_speed_is_applied():
    line = Line(lambda command: m.Spoke(command.request, np.ones(24_000, np.float32), 24_000, ""))
    assert len(line.voice.speak("folder", "Hello.", 2.0).samples) == 12_000


@pytest.mark.parametrize("known", [True, False])
def test_what_fails_is_a_known_error(known):
    line = Line(lambda command: m.Failed(command.request, known, "No.", "Do this." if known else ""))
    with pytest.raises(KnownError) as error:
        line.voice.speak("folder", "Hello.", 1.0)
    assert error.value.sentence == ("No." if known else "The voice failed; this is a bug.")


def test_hushed_while_it_waits_it_returns_and_the_engine_is_told():
    line, ended = Line(), queue.SimpleQueue[str]()

    def speak():
        with pytest.raises(KnownError):
            line.voice.speak("folder", "Hello.", 1.0)
        ended.put("over")

    thread = threading.Thread(target=speak, daemon=True)
    thread.start()
    command = line.next()
    line.voice.hush()
    assert ended.get(timeout=PATIENCE) == "over"
    assert line.next() == m.Cancel(command.request)
    thread.join(PATIENCE)
    with pytest.raises(KnownError):
        line.voice.speak("folder", "Again.", 1.0)  # until `ready`
    assert line.sent.empty()


def chosen(line, troubles):
    return ChosenVoice(lambda text, speed: sound(f"system: {text}"), line.voice, troubles.append)


def test_without_a_model_the_systems_voice_speaks_and_nothing_is_asked():
    line = Line(spoke)
    voice = chosen(line, [])
    assert voice.speak("Hello.", 1.0).samples.tobytes() == b"system: Hello."
    assert line.sent.empty()


def test_the_systems_voice_reads_what_the_model_cannot_and_the_reason_is_told_once():
    def partly(command):
        return refused(command) if "!" in command.sentence else spoke(command)

    troubles: list[KnownError] = []
    voice = chosen(Line(partly), troubles)
    voice.choose("folder")
    said = [voice.speak(text, 1.0).samples.tobytes().decode() for text in ("One.", "Two!", "Three.", "Four!")]
    assert said == ["One.", "system: Two!", "Three.", "system: Four!"]
    assert [error.sentence for error in troubles] == ["It is broken."]
    voice.choose("folder")
    voice.speak("Five!", 1.0)
    assert len(troubles) == 2


def test_silence_while_the_engine_makes_a_sentence_is_at_once_and_the_next_reading_is_heard():
    """The whole chain, with a thread that reads and an engine that never answers the first sentence."""
    line = Line(lambda command: spoke(command) if command.sentence != "Slow." else m.Failed("none", True, "", ""))
    troubles: list[KnownError] = []
    voice, speaker = chosen(line, troubles), Speaker()
    told: queue.SimpleQueue[Ended] = queue.SimpleQueue()
    aloud = Aloud(voice.speak, speaker, told.put, voice)
    try:
        first = aloud.begin()
        voice.choose("folder")
        aloud.add(first, "Slow.")
        aloud.add(first, "Never.")
        assert line.next().sentence == "Slow."
        second = aloud.begin()
        aloud.add(second, "Next.")
        aloud.end(second)

        assert isinstance(line.next(), m.Cancel)
        assert speaker.next() == "Next."
        assert told.get(timeout=PATIENCE) == Ended(second)
        assert troubles == []
    finally:
        aloud.close()


def test_closing_while_the_engine_makes_a_sentence():
    line = Line()
    voice = chosen(line, [])
    aloud = Aloud(voice.speak, Speaker(), lambda _ended: None, voice)
    reading = aloud.begin()
    voice.choose("folder")
    aloud.add(reading, "Slow.")
    assert line.next().sentence == "Slow."
    aloud.close()
    assert isinstance(line.next(), m.Cancel)


def test_spoken_is_what_the_loudspeaker_takes():
    assert isinstance(Line(spoke).voice.speak("folder", "Hello.", 1.0), Spoken)
