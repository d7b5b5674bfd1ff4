"""Dictations and files at the desk: written down as they come, cancelled anywhere, never mixed."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.speech import voice_activity
from engine.speech.desk import Desk
from engine.speech.recogniser import Hints
from engine.speech.sound import RATE, as_pcm
from tests.speech.fakes import Counting, Loudness
from tests.speech.sounds import silence, tone


def talk(*seconds):
    """Speech of so many seconds, with a pause after each."""
    return np.concatenate([part for one in seconds for part in (tone(one), silence(2.0))])


class Office:
    """A desk with what it told."""

    def __init__(self, recogniser=None):
        self.events: list[m.Event] = []
        self.recogniser = recogniser or Counting()
        self.opened = []
        self.desk = Desk(self.events.append, Loudness, self._open, needs=lambda name: 1000)

    def _open(self, name):
        self.opened.append(name)
        return self.recogniser

    def work(self, look=lambda: None):
        while self.desk.has_work:
            self.desk.step(look)

    def of(self, kind, request="d"):
        return [e for e in self.events if isinstance(e, kind) and e.request == request]


def dictate(office, sound, piece=4_000, request="d"):
    office.desk.take(m.Dictate(request))
    for at in range(0, len(sound), piece):
        office.desk.take(m.Hear(request, as_pcm(sound[at : at + piece])))
        office.work()
    office.desk.take(m.EndOfSpeech(request))
    office.work()


def test_what_is_said_is_told_while_it_is_said_and_at_the_end():
    office = Office()

    dictate(office, talk(1.6, 1.1))

    (end,) = office.of(m.Transcribed)
    words = end.transcript.text.split()
    assert words[:3] == ["0.0", "0.1", "0.2"]
    assert {word[0] for word in words} == {"0", "1"}
    assert end.transcript.seconds == pytest.approx(6.7, abs=0.01)
    heard = office.of(m.Heard)
    assert any(one.tentative for one in heard)
    assert any(one.speaking for one in heard)
    assert not heard[-1].speaking
    assert office.recogniser.open == 0


def test_stable_words_are_in_what_was_told_next():
    office = Office()
    dictate(office, talk(4.0), piece=8_000)
    stables = [one.stable for one in office.of(m.Heard)]
    assert len(set(stables)) > 3
    for before, after in pairwise(stables):
        assert after.startswith(before)


@given(cuts=st.lists(st.integers(0, 60_000), max_size=10))
def test_the_same_words_however_the_sound_was_cut(cuts):
    sound = talk(1.6, 1.1)
    office = Office()
    office.desk.take(m.Dictate("d"))
    for piece in np.split(sound, sorted(cuts)):
        office.desk.take(m.Hear("d", as_pcm(piece)))
        office.work()
    office.desk.take(m.EndOfSpeech("d"))
    office.work()

    whole = Office()
    dictate(whole, sound, piece=len(sound))
    assert office.of(m.Transcribed) == whole.of(m.Transcribed)


def test_silence_reaches_no_recogniser():
    office = Office()
    dictate(office, silence(3))
    (end,) = office.of(m.Transcribed)
    assert end.transcript.words == ()
    assert end.transcript.notes == ("No speech was found.",)
    assert office.recogniser.begun == []


def test_two_dictations_do_not_mix():
    office = Office()
    office.desk.take(m.Dictate("a", words=("Cadre",)))
    office.desk.take(m.Dictate("b", language="de"))
    office.desk.take(m.Hear("a", as_pcm(talk(1.0))))
    office.desk.take(m.Hear("b", as_pcm(talk(1.0, 1.0))))
    office.desk.take(m.EndOfSpeech("b"))
    office.desk.take(m.EndOfSpeech("a"))
    office.work()

    assert office.of(m.Transcribed, "a")[0].transcript.seconds == pytest.approx(3.0)
    assert office.of(m.Transcribed, "b")[0].transcript.seconds == pytest.approx(6.0)
    assert office.recogniser.begun[0] == Hints(None, ("Cadre",))


def test_a_cancel_before_while_and_after():
    for before in (0, 1, 3):
        office = Office()
        office.desk.take(m.Dictate("d"))
        for _ in range(before):
            office.desk.take(m.Hear("d", as_pcm(tone(1))))
            office.work()
        assert office.desk.cancel("d")
        office.work()

        assert [e.sentence for e in office.of(m.Failed)] == ["The request was cancelled."]
        assert office.of(m.Transcribed) == []
        assert office.recogniser.open == 0
        office.desk.take(m.Hear("d", as_pcm(tone(1))))  # sound that was under way
        assert not office.desk.has_work
        assert not office.desk.cancel("d")


def test_a_cancel_that_comes_in_the_middle_of_a_step():
    office = Office()
    office.desk.take(m.Dictate("d"))
    office.desk.take(m.Hear("d", as_pcm(tone(2))))
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 2:
            office.desk.cancel("d")

    office.work(look)

    assert len(office.of(m.Failed)) == 1
    assert office.recogniser.open == 0


def test_steps_do_not_nest():
    office = Office()
    office.desk.take(m.Dictate("d"))
    office.desk.take(m.Hear("d", as_pcm(tone(2))))
    office.work(lambda: pytest.fail("nested") if office.desk.has_work else None)


def test_a_failure_ends_only_its_own_dictation(caplog):
    class Bad(Counting):
        def begin(self, hints):
            if hints.language == "xx":
                raise KnownError("No such language.", "Choose another.")
            if hints.language == "yy":
                raise ZeroDivisionError
            return super().begin(hints)

    office = Office(Bad())
    for language in ("xx", "yy", "en"):
        office.desk.take(m.Dictate(language, language=language))
        office.desk.take(m.Hear(language, as_pcm(talk(1.0))))
        office.desk.take(m.EndOfSpeech(language))
    office.work()

    assert office.of(m.Failed, "xx") == [m.Failed("xx", True, "No such language.", "Choose another.")]
    assert not office.of(m.Failed, "yy")[0].known
    assert office.of(m.Transcribed, "en")
    assert "ZeroDivisionError" in caplog.text


def test_closing_ends_what_is_open_and_frees_the_recogniser():
    office = Office()
    office.desk.take(m.Dictate("d"))
    office.desk.take(m.Hear("d", as_pcm(tone(1))))
    office.work()
    office.desk.rest()
    assert not office.recogniser.closed
    office.desk.close()
    assert office.of(m.Failed)
    assert office.recogniser.closed


# --- files ---------------------------------------------------------------------------------------------------


@pytest.fixture
def talked(tmp_path):
    path = tmp_path / "talk.wav"
    soundfile.write(path, talk(1.6, 1.1), RATE)
    return path


def test_a_file_is_written_down_with_its_progress(talked):
    office = Office()

    transcript = office.desk.transcribe(m.Transcribe("f", str(talked)), lambda: None)

    told = office.of(m.Transcribing, "f")
    assert [word for event in told for word in event.words] == list(transcript.words)
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert told[-1].done == told[-1].of == transcript.seconds
    second = next(word for word in transcript.words if word.text.startswith(" 1."))
    assert second.start == pytest.approx(3.6 - 0.32, abs=0.1)  # the time in the file, not in the utterance
    assert transcript.speech < transcript.seconds


def test_a_file_that_is_cancelled_leaves_nothing_open(talked):
    office = Office()
    for at in range(1, 9):
        calls: list[int] = []

        def pulse(at=at, calls=calls):
            calls.append(1)
            if len(calls) == at:
                raise Cancelled

        with pytest.raises(Cancelled):
            office.desk.transcribe(m.Transcribe("f", str(talked)), pulse)
        assert office.recogniser.open == 0


def test_a_file_without_speech_says_so(tmp_path):
    soundfile.write(tmp_path / "s.wav", silence(1), RATE)
    transcript = Office().desk.transcribe(m.Transcribe("f", str(tmp_path / "s.wav")), lambda: None)
    assert (transcript.text, transcript.notes) == ("", ("No speech was found.",))


def test_another_recogniser_is_opened_only_when_none_is_in_use(talked):
    office = Office()
    office.desk.transcribe(m.Transcribe("f", str(talked)), lambda: None)
    office.desk.transcribe(m.Transcribe("f", str(talked)), lambda: None)
    assert office.opened == [""]
    office.desk.transcribe(m.Transcribe("f", str(talked), recogniser="other"), lambda: None)
    assert office.opened == ["", "other"]
    assert office.recogniser.closed


def test_the_net_that_finds_speech_is_loaded_once(monkeypatch):
    """A dictation begins while an answer waits."""
    loaded: list[Path] = []
    real = voice_activity.load

    def load(weights):
        loaded.append(weights)
        return real(weights)

    monkeypatch.setattr(voice_activity, "load", load)
    office = Office()
    office.desk = Desk(office.events.append, recogniser=office._open, needs=lambda _name: 0)
    for request in ("one", "two"):
        dictate(office, silence(0.5), request=request)
    assert len(loaded) == 1
    assert len(office.of(m.Transcribed, "two")) == 1
