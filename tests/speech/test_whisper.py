"""Whisper behind our windows, on a tiny random one of the true layout: always what one direct call would say."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from engine.errors import Cancelled, KnownError
from engine.messages import Transcribe
from engine.speech.recogniser import Hints
from engine.speech.recognisers import bytes_needed, open_recogniser
from engine.speech.whisper import Whisper, _spread, prompt, without_tail
from engine.speech.writing_down import transcribe
from tests.speech.fakes import Loudness
from tests.speech.sounds import MODERN, SURPASSED, samples_of
from tests.speech.tiny_whisper import make_whisper


def nothing():
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_whisper(tmp_path_factory.mktemp("models") / "whisper-tiny-random")


@pytest.fixture(scope="module")
def whisper(folder):
    made = Whisper(folder)
    made.temperatures = (0.0,)  # the same every time
    yield made
    made.close()


@pytest.fixture(scope="module")
def speech():
    return samples_of(MODERN)[:24_000]


@pytest.fixture(scope="module")
def direct(whisper):
    """mlx-audio alone, the whole sound at once; each question is put to it once."""
    known: dict[Any, Any] = {}

    def direct(samples, **options):
        question = (samples.tobytes(), *sorted(options.items()))
        if question not in known:
            options = {"language": "en", "temperature": 0.0, "condition_on_previous_text": False, **options}
            output = whisper._model.generate(samples, **options)
            known[question] = without_tail(output.segments, len(samples) / 16_000), output.language
        return known[question]

    return direct


def written(segments):
    return "".join(segment["text"] for segment in segments).split()


def text(said):
    return "".join(word.text for word in said.words).split()


@pytest.mark.parametrize("cuts", [[1, 5_000, 5_001, 17_003], list(range(777, 24_000, 1_999))])
def test_the_end_is_one_direct_call_however_the_sound_was_cut(whisper, direct, speech, cuts):
    utterance = whisper.begin(Hints("en"))
    for piece in np.split(speech, cuts):
        utterance.hear(piece, nothing)
    said = utterance.end(nothing)

    segments, _ = direct(speech, word_timestamps=True)
    assert text(said) == written(segments)
    assert len(text(said)) > 5
    assert said.language == "en"
    assert all(0 <= word.start <= word.end <= 1.5 for word in said.words)
    assert all(one.start <= other.start for one, other in pairwise(said.words))


def test_what_is_said_depends_on_what_is_heard(direct, speech):
    """Or the tests here would show nothing."""
    assert written(direct(speech)[0]) != written(direct(samples_of(SURPASSED)[:16_000])[0])
    assert written(direct(speech)[0]) != written(direct(speech[:16_000])[0])


def test_a_guess_is_one_direct_call_on_what_was_heard_so_far(whisper, direct, speech):
    utterance = whisper.begin(Hints("en"))
    for at in (0, 12_345):
        utterance.hear(speech[at : at + 12_345], nothing)
        guess = utterance.guess(nothing)
        assert text(guess) == written(direct(speech[: at + 12_345])[0])
        assert [word.start for word in guess.words] == sorted(word.start for word in guess.words)


def test_custom_words_are_told_as_what_came_before(whisper, direct, speech):
    utterance = whisper.begin(Hints("en", ("Cadre", "Subiaco")))
    utterance.hear(speech, nothing)

    said = text(utterance.guess(nothing))

    assert said == written(direct(speech, initial_prompt="Cadre, Subiaco.")[0])
    assert said != written(direct(speech)[0])


def test_the_language_is_found_out_or_taken(whisper, direct, speech):
    utterance = whisper.begin(Hints())
    utterance.hear(speech, nothing)
    assert utterance.guess(nothing).language == direct(speech, language=None)[1]
    assert whisper.begin(Hints("German"))._language == "de"
    with pytest.raises(KnownError, match="no language called Klingon"):
        whisper.begin(Hints("Klingon"))


def test_a_cancel_at_any_token_leaves_the_next_utterance_right(whisper, direct, speech):
    right = written(direct(speech)[0])
    for at in (1, 5):
        calls: list[int] = []

        def pulse(at=at, calls=calls):
            calls.append(1)
            if len(calls) == at:
                raise Cancelled

        utterance = whisper.begin(Hints("en"))
        utterance.hear(speech, nothing)
        with pytest.raises(Cancelled):
            utterance.guess(pulse)
        utterance.drop()
        again = whisper.begin(Hints("en"))
        again.hear(speech, nothing)
        assert text(again.guess(nothing)) == right


def test_another_utterance_may_run_between_two_tokens(whisper, direct, speech):
    """As when a dictation interrupts a file that the same model writes down."""
    other = samples_of(SURPASSED)[:16_000]
    nested: list[Any] = []

    def interrupt():
        if not nested:
            nested.append(None)
            inner = whisper.begin(Hints("en"))
            inner.hear(other, nothing)
            nested.append(text(inner.guess(nothing)))

    outer = whisper.begin(Hints("en"))
    outer.hear(speech, nothing)
    said = text(outer.guess(interrupt))

    assert said == written(direct(speech)[0])
    assert nested[1] == written(direct(other)[0])


def test_who_was_interrupted_is_not_asked_meanwhile(whisper, direct, speech):
    """A file that is cancelled while a dictation interrupts it ends only itself."""
    nested: list[Any] = []

    def interrupt():
        if nested:
            raise Cancelled
        nested.append(None)
        inner = whisper.begin(Hints("en"))
        inner.hear(speech, nothing)
        nested.append(text(inner.guess(nothing)))

    outer = whisper.begin(Hints("en"))
    outer.hear(speech, nothing)
    with pytest.raises(Cancelled):
        outer.guess(interrupt)
    assert nested[1] == written(direct(speech)[0])


def test_a_file_in_windows_is_each_window_directly(whisper, direct, tmp_path, speech):
    import soundfile

    path = tmp_path / "two.wav"
    quiet = np.zeros(40_000, np.float32)
    loud = np.clip(speech * 4, -1, 1)
    soundfile.write(path, np.concatenate([loud, quiet, loud[:16_000], quiet]), 16_000, subtype="FLOAT")
    heard: list[list[Any]] = []

    class Noting:
        name, caution, longest = whisper.name, "", whisper.longest

        def begin(self, hints):
            utterance = whisper.begin(hints)
            hear = utterance.hear
            heard.append([])

            def noted(samples, pulse):
                heard[-1].append(samples)
                hear(samples, pulse)

            utterance.hear = noted
            return utterance

        def close(self):
            pass

    transcript = transcribe(Transcribe("f", str(path), language="en"), Loudness(), Noting(), lambda _e: None, nothing)

    assert len(heard) == 2
    windows = [direct(np.concatenate(window), word_timestamps=True)[0] for window in heard]
    assert transcript.text.split() == [word for window in windows for word in written(window)]


def test_it_is_found_by_its_folder_which_says_what_it_needs(folder, speech):
    opened = open_recogniser(str(folder))
    assert isinstance(opened, Whisper)
    assert opened.name == "Whisper (whisper-tiny-random)"
    opened.temperatures = (0.0,)
    mx.clear_cache()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    utterance = opened.begin(Hints())
    utterance.hear(speech, nothing)  # it looks at 30 seconds whatever it hears
    utterance.end(nothing)
    weights = (folder / "model.safetensors").stat().st_size
    assert mx.get_peak_memory() - before < bytes_needed(str(folder)) - weights
    opened.close()


def test_what_is_no_whole_whisper_is_one_sentence(folder, tmp_path):
    def broken(name, change):
        copy = tmp_path / name
        copy.mkdir()
        for file in folder.iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        change(copy)
        with pytest.raises(KnownError) as refused:
            Whisper(copy)
        return refused.value.sentence

    assert "no tokenizer" in broken(
        "a", lambda copy: [(copy / f).unlink() for f in ("tokenizer.json", "tokenizer_config.json")]
    )
    assert "not a whole" in broken("b", lambda copy: (copy / "model.safetensors").unlink())
    assert "no readable" in broken("c", lambda copy: (copy / "config.json").write_text("{"))
    assert "no model that Cadre can write" in broken(
        "d", lambda copy: (copy / "config.json").write_text(json.dumps({"model_type": "llama"}))
    )


def test_the_quiet_at_the_end_says_nothing():
    said = {"seek": 0, "text": " Good morning."}
    assert without_tail([said, {"seek": 420, "text": " Thank you."}], 5.0) == [said]
    assert len(without_tail([said, {"seek": 200, "text": " And more."}], 5.0)) == 2


def test_as_many_custom_words_as_fit():
    assert prompt(()) is None
    assert prompt(("Ada", "Lovelace")) == "Ada, Lovelace."
    many = prompt(tuple(f"word{n}" for n in range(1_000)))
    assert many is not None
    assert len(many) <= 610
    assert many.startswith("word0, word1")


def test_a_guess_spreads_words_over_their_segment():
    words = list(_spread([{"text": " a b", "start": 1.0, "end": 2.0}], 1.5))
    assert [(word.text, word.start, word.end) for word in words] == [(" a", 1.0, 1.25), (" b", 1.25, 1.5)]
