"""Whisper through mlx-audio: any mlx-community folder that brings its tokenizer. Engine thread: owns MLX arrays.

An utterance is at most 28 seconds, so it is one window of the model. A guess decodes what was said so far anew; only
the end gets word times and, where the first try repeats itself or is unsure, further tries at higher temperatures.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.messages import SpokenWord
from engine.models.places import model_name
from engine.speech.gate import Rules
from engine.speech.recogniser import Hints, Pulse, Said
from engine.speech.sound import RATE, Samples
from engine.speech.speech_folder import kind
from engine.speech.voice_activity import FRAME

_TEMPERATURES = (0.0, 0.4, 0.8)
_LEAST_VOCABULARY = 50_000
"""Tokens; with less its tokenizer came without its files."""
_MEL_FRAMES = 100
"""Per second; what it counts in."""
_WORDS_TOKENS = 160
_CACHE = 64 << 20
"""MLX's own, as the engine limits it."""
_MOST_PROMPT = 600
"""Letters of custom words given along: Whisper reads at most half its context, and follows long lists less."""


class Whisper:
    longest = 28.0
    caution = ""

    def __init__(self, folder: Path) -> None:
        """Raises KnownError: no Whisper, or not a whole one."""
        self._model = _load(folder)
        self.name = f"Whisper ({model_name(folder)})"
        self.temperatures: tuple[float, ...] = _TEMPERATURES

    def begin(self, hints: Hints) -> _Utterance:
        return _Utterance(self, _language(hints.language, multilingual=self._model.is_multilingual), hints.words)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()

    def decoded(
        self, samples: Samples, language: str | None, prompt: str | None, pulse: Pulse, *, last: bool
    ) -> tuple[list[dict[str, Any]], str]:
        """The model's segments, with word times if `last`, and the language. pulse: before every token."""
        with _watched(self._model, pulse):
            output = self._model.generate(
                samples,
                language=language,
                initial_prompt=prompt,
                word_timestamps=last,
                condition_on_previous_text=False,
                temperature=self.temperatures if last else self.temperatures[0],
            )
        return without_tail(output.segments, len(samples) / RATE), output.language


class _Utterance:
    def __init__(self, whisper: Whisper, language: str | None, words: tuple[str, ...]) -> None:
        self._whisper, self._language = whisper, language
        self._prompt = prompt(words)
        self._heard: list[Samples] = []

    def hear(self, samples: Samples, pulse: Pulse) -> None:
        self._heard.append(samples)

    def guess(self, pulse: Pulse) -> Said:
        return self._said(pulse, last=False)

    def end(self, pulse: Pulse) -> Said:
        return self._said(pulse, last=True)

    def drop(self) -> None:
        self._heard.clear()

    def _said(self, pulse: Pulse, *, last: bool) -> Said:
        samples = np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)
        if not len(samples):
            return Said()
        segments, language = self._whisper.decoded(samples, self._language, self._prompt, pulse, last=last)
        seconds = len(samples) / RATE
        return Said(tuple(_timed(segments, seconds) if last else _spread(segments, seconds)), language)


def without_tail(segments: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """What it wrote about the quiet at the end alone, where Whisper likes to say thank you.

    It takes up again after the last word it placed; what the gate gave from there on is the pause that closed it.
    """
    quiet = Rules().quiet * FRAME / RATE
    return [one for one in segments if one["seek"] == 0 or seconds - one["seek"] / _MEL_FRAMES > quiet]


def prompt(words: tuple[str, ...]) -> str | None:
    """What Whisper is told came before: names it then spells so. As many as fit, the first ones first."""
    kept: list[str] = []
    for word in words:
        if sum(len(one) + 2 for one in kept) + len(word) > _MOST_PROMPT:
            break
        kept.append(word)
    return ", ".join(kept) + "." if kept else None


def _timed(segments: list[dict[str, Any]], seconds: float) -> Iterator[SpokenWord]:
    """Words as mlx-audio aligned them; a segment it could not align is spread evenly."""
    for segment in segments:
        words = segment.get("words") or []
        if not words:
            yield from _spread([segment], seconds)
        for word in words:
            if word["word"].strip():
                start = min(float(word["start"]), seconds)
                yield SpokenWord(word["word"], start, max(start, min(float(word["end"]), seconds)))


def _spread(segments: list[dict[str, Any]], seconds: float) -> Iterator[SpokenWord]:
    """The words of each segment, evenly over its time: near enough for a guess, which has no word times."""
    for segment in segments:
        start = min(float(segment["start"]), seconds)
        end = max(start, min(float(segment["end"]), seconds))
        words = segment["text"].split()
        each = (end - start) / max(1, len(words))
        for number, word in enumerate(words):
            yield SpokenWord(f" {word}", start + number * each, start + (number + 1) * each)


@contextmanager
def _watched(model: Any, pulse: Pulse) -> Iterator[None]:
    """While inside, `pulse` is called before the decoder runs. Several may be inside each other.

    Only the innermost is asked: a file that is cancelled while a dictation interrupts it does not end the dictation.
    """
    before = type(model.decoder)
    kind = getattr(before, "plain", before)

    class Watched(kind):  # type: ignore[misc, valid-type] # of the model's own kind, so that everything else stays
        plain = kind

        def __call__(self, *given: Any, **options: Any) -> Any:
            pulse()
            return kind.__call__(self, *given, **options)

    model.decoder.__class__ = Watched
    try:
        yield
    finally:
        model.decoder.__class__ = before


def _language(wanted: str | None, *, multilingual: bool) -> str | None:
    from mlx_audio.stt.models.whisper.tokenizer import LANGUAGES, TO_LANGUAGE_CODE

    if wanted is None:
        return None
    code: str = TO_LANGUAGE_CODE.get(wanted.casefold(), wanted.casefold())
    if code not in LANGUAGES:
        raise KnownError(f"Whisper knows no language called {wanted}.", "Give a code such as en, de or fr.")
    if code != "en" and not multilingual:
        raise KnownError("This Whisper model understands only English.", "Choose one without `.en` in its name.")
    return code


def work_space(config: dict[str, Any]) -> int:
    """Bytes beside the weights: attention over 30 seconds, the keys and values of them for every layer of the decoder,
    and aligning about as many words as one says in that time. float32 throughout: an upper bound.
    """
    sound, state, heads = config["n_audio_ctx"], config["n_audio_state"], config["n_audio_head"]
    encoder = 4 * (2 * heads * sound * sound + 10 * sound * state)
    decoder = 4 * config["n_text_layer"] * 2 * sound * config["n_text_state"]
    aligning = 4 * _WORDS_TOKENS * (config["n_text_layer"] * config["n_text_head"] * sound // 2 + 2 * config["n_vocab"])
    return int(encoder + decoder + aligning) + _CACHE


def _load(folder: Path) -> Any:
    name = model_name(folder)
    if kind(folder) != "whisper":
        raise KnownError(
            f"{name} is no Whisper model.", "`--model` takes a Whisper or Parakeet model's folder or name."
        )
    from mlx_audio.stt.utils import load_model

    try:
        with warnings.catch_warnings():  # what it warns of, a missing tokenizer, is looked at right below
            warnings.simplefilter("ignore")
            model: Any = load_model(folder, model_type="whisper", strict=True)
    except (FileNotFoundError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise KnownError(f"{name} is not a whole Whisper model: {error}.", "Download it again.") from error
    if model._processor is None or len(model._processor.tokenizer) < _LEAST_VOCABULARY:
        raise KnownError(
            f"{name} has no tokenizer, so it cannot be used.",
            "Take a Whisper folder that brings one, such as mlx-community/whisper-large-v3-turbo-asr-fp16.",
        )
    return model
