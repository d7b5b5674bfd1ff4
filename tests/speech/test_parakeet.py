"""Parakeet behind our windows, on tiny random ones of the true layout: always what one direct call would say."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
import soundfile

from engine.errors import Cancelled, KnownError
from engine.messages import SpokenWord, Transcribe, Transcribing
from engine.speech.agreement import Agreed
from engine.speech.parakeet import Parakeet
from engine.speech.recogniser import Hints
from engine.speech.recognisers import bytes_needed, open_recogniser
from engine.speech.writing_down import transcribe
from tests.speech.fakes import Loudness
from tests.speech.sounds import MODERN, SURPASSED, samples_of
from tests.speech.tiny_parakeet import make_parakeet


def nothing():
    pass


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    where = tmp_path_factory.mktemp("models")
    return make_parakeet(where / "parakeet-tiny"), make_parakeet(where / "parakeet-tiny-eu", european=True)


@pytest.fixture(scope="module")
def parakeet(folders):
    made = Parakeet(folders[0])
    yield made
    made.close()


@pytest.fixture(scope="module")
def speech():
    return samples_of(MODERN)[:24_000]


def direct(parakeet, samples):
    """mlx-audio alone, the whole sound at once."""
    return parakeet._model.generate(mx.array(samples), dtype=mx.float32).text


def said(parakeet, samples, cuts=(), pulse=nothing):
    utterance = parakeet.begin(Hints())
    for piece in np.split(samples, cuts):
        utterance.hear(piece, nothing)
    return utterance.end(pulse)


def text(words):
    return "".join(word.text for word in words).strip()


@pytest.mark.parametrize("cuts", [[], [1], [5_000, 5_001, 17_003], list(range(777, 24_000, 1_999))])
def test_the_end_is_one_direct_call_however_the_sound_was_cut(parakeet, speech, cuts):
    end = said(parakeet, speech, cuts)
    assert text(end.words) == direct(parakeet, speech)
    assert len(end.words) > 3
    assert end.language == "en"


def test_what_is_said_depends_on_what_is_heard(parakeet, speech):
    """Or the tests here would show nothing."""
    assert direct(parakeet, speech) != direct(parakeet, samples_of(SURPASSED)[:24_000])
    assert direct(parakeet, speech) != direct(parakeet, speech[:16_000])


def test_words_have_times_within_the_sound_in_order(parakeet, speech):
    words = said(parakeet, speech).words
    assert all(0 <= word.start <= word.end <= 1.5 for word in words)
    assert all(one.start <= other.start for one, other in pairwise(words))
    assert all(word.text.startswith(" ") for word in words[1:])


def test_a_guess_is_one_direct_call_on_what_was_heard_so_far_and_stable_words_stay(parakeet, speech):
    utterance, agreed = parakeet.begin(Hints()), Agreed()
    before: tuple[SpokenWord, ...] = ()
    for at in range(0, 24_000, 4_000):
        utterance.hear(speech[at : at + 4_000], nothing)
        guess = utterance.guess(nothing)
        assert text(guess.words) == direct(parakeet, speech[: at + 4_000])
        agreed = agreed.next(guess.words)
        assert agreed.stable[: len(before)] == before
        before = agreed.stable


def test_sound_too_short_to_look_at_says_nothing(parakeet):
    assert said(parakeet, np.zeros(700, np.float32)).words == ()
    assert parakeet.begin(Hints()).end(nothing).words == ()


def test_a_cancel_at_any_step_leaves_the_next_utterance_right(parakeet, speech):
    right = direct(parakeet, speech)
    for at in (1, 2, 5):
        calls: list[int] = []

        def pulse(at=at, calls=calls):
            calls.append(1)
            if len(calls) == at:
                raise Cancelled

        with pytest.raises(Cancelled):
            said(parakeet, speech, pulse=pulse)
        assert text(said(parakeet, speech).words) == right


def test_another_utterance_may_run_between_two_steps(parakeet, speech):
    """As when a dictation interrupts a file: who waits is not asked meanwhile, so what ends it ends nothing else."""
    other = samples_of(SURPASSED)[:16_000]
    nested: list[str] = []

    def interrupt():
        if len(nested) < 3:
            nested.append(text(said(parakeet, other).words))

    assert text(said(parakeet, speech, pulse=interrupt).words) == direct(parakeet, speech)
    assert set(nested) == {direct(parakeet, other)}


def test_a_file_in_windows_has_every_word_at_its_time(parakeet, tmp_path, speech):
    loud = np.clip(speech * 4, -1, 1)
    quiet = np.zeros(40_000, np.float32)
    soundfile.write(tmp_path / "two.wav", np.concatenate([loud, quiet, loud, quiet]), 16_000, subtype="FLOAT")
    told: list[Transcribing] = []
    command = Transcribe("f", str(tmp_path / "two.wav"))
    transcript = transcribe(command, Loudness(), parakeet, told.append, nothing)

    assert {word.start > 3 for word in transcript.words} == {True, False}
    assert [word for event in told for word in event.words] == list(transcript.words)
    assert told[-1].done == told[-1].of == pytest.approx(transcript.seconds)


def test_languages_are_those_of_the_model(folders, parakeet):
    european = Parakeet(folders[1])
    assert european.begin(Hints("DE"))._language == "de"
    assert european.begin(Hints())._language is None
    with pytest.raises(KnownError, match="only English, not de"):
        parakeet.begin(Hints("de"))
    with pytest.raises(KnownError, match="25 European languages, not ja"):
        european.begin(Hints("ja"))
    european.close()


def test_it_is_found_by_its_folder_which_says_what_it_needs(folders):
    opened = open_recogniser(str(folders[0]))
    assert opened.name == "Parakeet (parakeet-tiny)"
    mx.clear_cache()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    weights = (folders[0] / "model.safetensors").stat().st_size
    said(opened, np.resize(samples_of(MODERN), int(opened.longest * 16_000)))
    assert mx.get_peak_memory() - before < bytes_needed(str(folders[0])) - weights
    opened.close()


def test_what_is_no_whole_parakeet_is_one_sentence(folders, tmp_path):
    def broken(name, change):
        copy = tmp_path / name
        copy.mkdir()
        for file in folders[0].iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        change(copy)
        with pytest.raises(KnownError) as refused:
            open_recogniser(str(copy))
        return refused.value.sentence

    def without_decoder(copy):
        config = json.loads((copy / "config.json").read_text())
        del config["decoder"]
        (copy / "config.json").write_text(json.dumps(config))

    def fewer(copy):
        weights: Any = mx.load(str(copy / "model.safetensors"))
        mx.save_safetensors(str(copy / "model.safetensors"), dict(list(weights.items())[1:]))

    assert "not a whole" in broken("a", lambda copy: (copy / "model.safetensors").unlink())
    assert "not a whole" in broken("b", without_decoder)
    assert "not a whole" in broken("c", fewer)
    assert "no model that Cadre can write" in broken("d", lambda copy: (copy / "config.json").write_text("{}"))


def test_pieces_become_words():
    from engine.speech.parakeet import _words

    class Token:
        def __init__(self, text, start, end):
            self.text, self.start, self.end = text, start, end

    tokens = [
        Token(" he", 0, 0.2),
        Token("llo", 0.2, 0.4),
        Token(".", 0.4, 0.4),
        Token(" ", 0.5, 0.6),
        Token("you", 0.6, 2),
    ]
    assert list(_words(tokens, 1.0)) == [SpokenWord(" hello.", 0, 0.4), SpokenWord(" you", 0.6, 1.0)]
