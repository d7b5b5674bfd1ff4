"""Speech through the whole engine: files, and dictations that come while an answer is written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine import messages as m
from engine.speech.sound import RATE, as_pcm
from tests.host.asking import LONG, all_ended, answer, ask, assert_right, listen
from tests.host.scripted import ScriptedEngine
from tests.speech.fakes import Counting, Loudness
from tests.speech.sounds import SURPASSED, samples_of, silence, tone


def ended(request):
    return lambda heard: heard.of(m.Transcribed, request) or heard.of(m.Failed, request)


@pytest.fixture
def scripted(home, monkeypatch):
    """With a recogniser that counts."""
    engine = ScriptedEngine()
    monkeypatch.setattr(engine.host.holding.desk, "_activity", Loudness)
    monkeypatch.setattr(engine.host.holding.desk, "_recogniser", lambda _name: Counting())
    yield engine
    engine.close()


def dictation(request, seconds=1.0):
    sound = np.concatenate([tone(seconds), silence(1)])
    pieces = [sound[at : at + 4_000] for at in range(0, len(sound), 4_000)]
    return [m.Dictate(request), *(m.Hear(request, as_pcm(piece)) for piece in pieces), m.EndOfSpeech(request)]


def test_a_file_by_the_real_gate_and_recogniser(engine):
    engine.send(m.Transcribe("file", str(SURPASSED)))
    heard = listen(engine, ended("file"))

    (end,) = heard.of(m.Transcribed)
    assert {"never", "been"} <= set(end.transcript.text.split())
    assert heard.of(m.Transcribing)


def test_a_dictation_by_the_real_gate_and_recogniser(engine):
    sound = np.concatenate([samples_of(SURPASSED), silence(1)])
    engine.send(m.Dictate("d"))
    for at in range(0, len(sound), 4_000):
        engine.send(m.Hear("d", as_pcm(sound[at : at + 4_000])))
    engine.send(m.EndOfSpeech("d"))
    heard = listen(engine, ended("d"))

    assert {"never", "been"} <= set(heard.of(m.Transcribed)[0].transcript.text.split())


def test_a_file_that_is_no_sound_is_refused(engine, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"film")
    engine.send(m.Transcribe("film", str(tmp_path / "a.mp4")))
    assert listen(engine, ended("film")).failed("film").sentence == "a.mp4 is a video."


@pytest.mark.parametrize("mode", [m.Mode.EXACT, m.Mode.FAST, m.Mode.BALANCED])
def test_a_dictation_gets_the_engine_at_the_next_step_of_an_answer(scripted, model, mode):
    question = ask(model, LONG, mode=mode, max_tokens=12, experts=0.75)
    scripted.send(m.Unload())  # both answers begin with nothing here: a set is loyal to who is
    alone = answer(scripted, question)
    scripted.send(m.Unload())
    again = replace(question, request="again")
    scripted.after(lambda e: isinstance(e, m.Token) and e.request == "again" and e.index == 3, *dictation("d"))
    scripted.send(again)
    heard = all_ended(scripted, ["again"])

    kinds = [e for e in heard.events if isinstance(e, m.Token | m.Transcribed)]
    at = next(n for n, e in enumerate(kinds) if isinstance(e, m.Transcribed))
    assert 4 <= at <= 6  # one or two tokens were under way
    assert heard.of(m.Transcribed)[0].transcript.text.startswith("0.0 0.1")
    assert heard.record("again").text == alone.text
    if mode is m.Mode.EXACT:
        assert_right(heard.record("again"), again)


def test_also_within_a_long_prompt(scripted, model):
    question = ask(model, LONG, max_tokens=4)
    scripted.after(lambda e: isinstance(e, m.Planned), *dictation("d"))
    scripted.send(question)
    heard = all_ended(scripted, [question.request])

    kinds = [type(e) for e in heard.events if isinstance(e, m.Token | m.Transcribed)]
    assert kinds[0] is m.Transcribed
    assert_right(heard.record(question.request), question)


def test_a_cancelled_dictation_does_not_touch_the_answer(scripted, model):
    question = ask(model, LONG, max_tokens=8)
    scripted.after(lambda e: isinstance(e, m.Token) and e.index == 2, *dictation("d")[:3], m.Cancel("d"))
    scripted.send(question)
    heard = all_ended(scripted, [question.request])

    assert heard.failed("d").sentence == "The request was cancelled."
    assert_right(heard.record(question.request), question)


def long_file(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.concatenate([tone(5), silence(1)] * 4), RATE)
    return str(path)


def test_a_question_interrupts_a_file(scripted, model, tmp_path):
    """Though its model is not open yet: nothing that was interrupted needs another."""
    urgent = ask(model, max_tokens=4, priority=m.Priority.QUICK_PROMPT)
    scripted.after(lambda e: isinstance(e, m.Transcribing) and e.done > 5, urgent)
    scripted.send(m.Transcribe("file", long_file(tmp_path)))
    heard = listen(scripted, ended("file"))

    assert heard.of(m.Paused) == [m.Paused("file", urgent.request)]
    assert_right(heard.record(urgent.request), urgent)
    assert len(heard.of(m.Transcribed)[0].transcript.words) > 40


def test_a_dictation_goes_on_beside_a_file(scripted, tmp_path):
    scripted.after(lambda e: isinstance(e, m.Transcribing) and e.done > 5, *dictation("d"))
    scripted.send(m.Transcribe("file", long_file(tmp_path)))
    heard = listen(scripted, ended("file"))

    assert [e.request for e in heard.of(m.Transcribed)] == ["d", "file"]


def test_an_urgent_file_interrupts_an_answer_and_a_cancel_ends_it(scripted, model, tmp_path):
    question = ask(model, LONG, max_tokens=10)
    file = m.Transcribe("file", long_file(tmp_path), priority=m.Priority.DICTATION)

    def react(event):
        if isinstance(event, m.Token) and event.index == 2:
            scripted.send(file)
        elif isinstance(event, m.Transcribing) and event.done > 2:
            scripted.send(m.Cancel("file"))

    scripted.react = react
    scripted.send(question)
    heard = all_ended(scripted, [question.request])

    assert heard.failed("file").sentence == "The request was cancelled."
    assert_right(heard.record(question.request), question)


def test_shutting_down_ends_a_dictation_that_is_open(home):
    engine = ScriptedEngine()
    engine.host.holding.desk._activity, engine.host.holding.desk._recogniser = Loudness, lambda _name: Counting()
    for command in dictation("d")[:2]:
        engine.send(command)
    listen(engine, lambda heard: heard.of(m.Heard))
    engine.close()
    assert listen(engine, lambda heard: heard.of(m.EngineStopped)).failed("d").known
