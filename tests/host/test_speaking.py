"""Sentences spoken through the whole engine: alone, and while an answer is written."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine import messages as m
from engine.budget.footprint import RESERVE
from engine.speech.voices import open_voice
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, listen
from tests.host.scripted import ScriptedEngine
from tests.host.test_sharing import tight
from tests.host.test_speech import dictation
from tests.simulated import Clock, Machine
from tests.speech.fakes import Counting, Humming, Loudness
from tests.speech.tiny_pocket import make_pocket
from tests.speech.tiny_soprano import make_soprano

SENTENCE = "Hello there, this is a test."


def ended(request):
    return lambda heard: heard.of(m.Spoke, request) or heard.of(m.Failed, request)


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    where = tmp_path_factory.mktemp("voices")
    return {"soprano": str(make_soprano(where / "soprano")), "pocket": str(make_pocket(where / "pocket"))}


def sound(voice):
    opened = open_voice(voice)
    made = np.concatenate(list(opened.speak(SENTENCE)))
    opened.close()
    return made


class Place:
    """An engine on a machine that is what the test says, with a voice of so many bytes that hums."""

    def __init__(self):
        self.machine, self.clock, self.needs = Machine(), Clock(0.0), 0
        self.engine = ScriptedEngine(self.machine.sensors(), self.clock)
        self.speaker = self.engine.host.holding.speaker
        self.speaker._voice, self.speaker._needs = Humming, lambda _name: self.needs
        desk = self.engine.host.holding.desk
        desk._activity, desk._recogniser, desk._needs = Loudness, lambda _name: Counting(), lambda _name: self.needs


@pytest.fixture
def place(home):
    made = Place()
    yield made
    made.engine.close()


def test_a_sentence_of_each_voice_from_both_kinds_of_engine(engine, voices):
    for name, voice in voices.items():
        engine.send(m.Speak(name, voice, SENTENCE))
        (spoke,) = listen(engine, ended(name)).of(m.Spoke, name)
        assert np.array_equal(spoke.samples, sound(voice))
        assert spoke.rate == {"soprano": 32_000, "pocket": 24_000}[name]


def test_what_is_no_voice_is_one_sentence(engine, tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen3_moe"}')
    engine.send(m.Speak("bad", str(tmp_path), "Hello."))
    failed = listen(engine, ended("bad")).failed("bad")
    assert failed.known
    assert "system's voice" in failed.next_step


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST])
def test_an_answer_goes_on_while_a_sentence_is_made_and_both_are_what_they_are_alone(home, model, voices, mode):
    engine = ScriptedEngine()
    try:
        question = ask(model, LONG, mode=mode, max_tokens=24, experts=0.75, sampling=m.Sampling(0.8, seed=3))
        alone = answer(engine, question)
        engine.send(m.Unload())
        again = replace(question, request="again")
        engine.after(lambda e: isinstance(e, m.Token) and e.index == 3, m.Speak("s", voices["soprano"], SENTENCE))
        engine.send(again)
        heard = all_ended(engine, ["again"])
        heard.events += listen(engine, ended("s")).events if not heard.of(m.Spoke) else []
    finally:
        engine.close()

    assert heard.record("again").text == alone.text
    assert np.array_equal(heard.of(m.Spoke, "s")[0].samples, sound(voices["soprano"]))


def test_it_takes_turns_with_the_answer(place, model):
    """Clock and machine stand still, so a turn is one step: a letter of the sentence for each step of the answer."""
    question = ask(model, LONG, max_tokens=20)
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, m.Speak("s", "hum", "abcdefgh"))
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    kinds = [e for e in heard.events if isinstance(e, m.Token | m.Spoke)]
    at = next(n for n, e in enumerate(kinds) if isinstance(e, m.Spoke))
    assert 7 <= at <= 14
    assert heard.of(m.Spoke)[0].samples.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    indices = [e.index for e in kinds if isinstance(e, m.Token)]
    assert all(after == before + 1 for before, after in pairwise(indices))
    assert_right(heard.record(question.request), question)


def test_a_dictation_goes_first(place, model):
    question = ask(model, LONG, max_tokens=12)
    commands = [m.Speak("s", "hum", "abcd"), *dictation("d")]
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, *commands)
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])
    assert [type(e) for e in heard.events if isinstance(e, m.Transcribed | m.Spoke)] == [m.Transcribed, m.Spoke]


def test_a_cancel_in_the_middle_of_a_sentence_is_at_once_and_does_not_touch_the_answer(place, model):
    question = ask(model, LONG, max_tokens=12)

    def react(event):
        if isinstance(event, m.Token) and event.index == 2:
            place.engine.send(m.Speak("s", "hum", "a" * 1_000))
        elif isinstance(event, m.Token) and event.index == 6:
            place.engine.send(m.Cancel("s"))

    place.engine.react = react
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    kinds = [e for e in heard.events if isinstance(e, m.Token | m.Failed)]
    at = next(n for n, e in enumerate(kinds) if isinstance(e, m.Failed))
    assert 6 <= at <= 9
    assert not heard.of(m.Spoke)
    assert_right(heard.record(question.request), question)


def test_the_banks_shrink_before_a_voice_comes_beside_an_answer(place, model):
    question, alone = tight(place, model, mode=m.Mode.EXACT)
    place.needs = alone.banks // 3
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, m.Speak("s", "hum", "abc"))
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    (resized,) = heard.of(m.Resized, question.request)
    assert [type(e) for e in heard.events if isinstance(e, m.Resized | m.Spoke)] == [m.Resized, m.Spoke]
    assert resized.memory.speech == place.needs
    assert resized.memory.promised <= question.memory
    assert_right(heard.record(question.request), question)


def test_recogniser_and_voice_count_together(place, model):
    question, alone = tight(place, model)
    place.needs = alone.banks // 6
    roomy = replace(question, memory=alone.promised + 2 * place.needs)
    commands = [m.Speak("s", "hum", "abc"), *dictation("d")]
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, *commands)
    place.engine.send(roomy)
    heard = all_ended(place.engine, [roomy.request])

    assert heard.record(roomy.request).memory.speech == 2 * place.needs
    assert not heard.of(m.Resized)


def test_a_voice_that_fits_beside_no_bank_is_refused_and_the_answer_goes_on_as_it_was(place, model):
    question, alone = tight(place, model)
    place.needs = alone.promised
    place.engine.after(lambda e: isinstance(e, m.Token) and e.index == 2, m.Speak("s", "hum", "abc"))
    place.engine.send(question)
    heard = all_ended(place.engine, [question.request])

    assert "not enough memory to listen or speak" in heard.failed("s").sentence
    assert heard.record(question.request).memory.speech == 0
    assert_right(heard.record(question.request), question)
    assert place.speaker.nbytes == 0


def test_a_voice_that_the_machine_has_no_room_for_is_refused(place):
    place.needs = 400_000_000
    place.machine.free = RESERVE + place.needs // 2
    place.engine.send(m.Speak("s", "hum", "abc"))
    failed = listen(place.engine, ended("s")).failed("s")
    assert "Speaking with this voice needs 0.4 GB" in failed.sentence
    assert "smaller voice" in failed.next_step


def test_a_voice_that_nobody_uses_is_given_back(place):
    place.needs = 50_000_000
    place.engine.send(m.Speak("s", "hum", "abc"))
    listen(place.engine, ended("s"))
    place.clock.tick = 400.0
    (released,) = listen(place.engine, lambda heard: heard.of(m.Released)).of(m.Released)
    assert (released.model, released.what, released.bytes) == ("hum", "voice", place.needs)
    assert place.speaker.nbytes == 0


def test_shutting_down_ends_a_sentence_that_is_being_made(home):
    engine = ScriptedEngine()
    speaker = engine.host.holding.speaker
    speaker._voice, speaker._needs = Humming, lambda _name: 0
    engine.send(m.Speak("s", "hum", "a" * 1_000_000))
    engine.close()
    assert listen(engine, lambda heard: heard.of(m.EngineStopped)).failed("s").known
