"""Parakeet through mlx-audio: English, or with its larger vocabulary 25 languages of Europe.

It places every piece of a word in time by itself, so a guess has true times as well. It takes no custom words along:
those are set right afterwards (wording.spelt). Engine thread: owns MLX arrays.
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
from engine.speech.recogniser import Hints, Pulse, Said
from engine.speech.sound import RATE, Samples
from engine.speech.speech_folder import kind

_LONGEST = 50.0
_SHORTEST = RATE // 10
"""Samples; with fewer there is no frame to look at."""
_ENGLISH_PIECES = 4_096
"""The English ones have 1,024 pieces of words, the one for 25 languages 8,192."""
_EUROPEAN = frozenset({
    "bg", "hr", "cs", "da", "nl", "en", "et", "fi", "fr", "de", "el", "hu", "it", "lv", "lt", "mt", "pl", "pt", "ro",
    "sk", "sl", "es", "sv", "ru", "uk",
})  # fmt: skip
_CACHE = 64 << 20


class Parakeet:
    longest = _LONGEST
    caution = ""

    def __init__(self, folder: Path) -> None:
        """Raises KnownError: no Parakeet, or not a whole one."""
        self._model = _load(folder)
        self._step = getattr(self._model, "_compiled_tdt_step", None)
        self.name = f"Parakeet ({model_name(folder)})"
        self._languages = _EUROPEAN if len(self._model.vocabulary) > _ENGLISH_PIECES else frozenset({"en"})

    def begin(self, hints: Hints) -> _Utterance:
        wanted = hints.language.casefold() if hints.language else None
        if wanted and wanted not in self._languages:
            known = "only English" if len(self._languages) == 1 else "25 European languages"
            raise KnownError(
                f"This Parakeet model understands {known}, not {hints.language}.",
                "Give one of them as a code such as en, or choose a Whisper model.",
            )
        return _Utterance(self, "en" if len(self._languages) == 1 else wanted)

    def close(self) -> None:
        import mlx.core as mx

        self._model = None
        mx.clear_cache()

    def decoded(self, samples: Samples, pulse: Pulse) -> list[Any]:
        """mlx-audio's tokens with text, start and end. pulse: before every step of the decoder."""
        import mlx.core as mx

        pulse()
        with _watched(self._model, self._step, pulse):
            result = self._model.generate(mx.array(samples), dtype=_dtype(self._model))
        return [token for sentence in result.sentences for token in sentence.tokens]


class _Utterance:
    def __init__(self, parakeet: Parakeet, language: str | None) -> None:
        self._parakeet, self._language = parakeet, language
        self._heard: list[Samples] = []

    def hear(self, samples: Samples, pulse: Pulse) -> None:
        self._heard.append(samples)

    def guess(self, pulse: Pulse) -> Said:
        samples = np.concatenate(self._heard) if self._heard else np.zeros(0, np.float32)
        if len(samples) < _SHORTEST:
            return Said()
        tokens = self._parakeet.decoded(samples, pulse)
        return Said(tuple(_words(tokens, len(samples) / RATE)), self._language)

    def end(self, pulse: Pulse) -> Said:
        return self.guess(pulse)

    def drop(self) -> None:
        self._heard.clear()


def _words(tokens: list[Any], seconds: float) -> Iterator[SpokenWord]:
    """Pieces put together: a space begins a word, and what has no letter belongs to the word before."""
    text, start, end = "", 0.0, 0.0
    for token in tokens:
        if token.text.startswith(" ") and text.strip():
            yield SpokenWord(text, start, max(start, end))
            text = ""
        if not text.strip():
            start = min(float(token.start), seconds)
        text += token.text
        end = min(float(token.end), seconds)
    if text.strip():
        yield SpokenWord(text, start, max(start, end))


@contextmanager
def _watched(model: Any, step: Any, pulse: Pulse) -> Iterator[None]:
    """While inside, `pulse` is called before every step of the decoder, where nothing is in flight.

    Several may be inside each other; only the innermost is asked. Decoders that do not go step by step (CTC) have no
    step: they end before anybody could ask.
    """
    if step is None:
        yield
        return
    before = model._compiled_tdt_step

    def watched(*given: Any) -> Any:
        pulse()
        return step(*given)

    model._compiled_tdt_step = watched
    try:
        yield
    finally:
        model._compiled_tdt_step = before


def _dtype(model: Any) -> Any:
    """That of what is not quantised."""
    return model.encoder.layers[0].norm_out.weight.dtype


def work_space(config: dict[str, Any]) -> int:
    """Bytes beside the weights for the longest utterance: the first convolutions, then attention. An upper bound."""
    encoder = config["encoder"]
    frames = int(_LONGEST * 100)
    steps = frames // encoder["subsampling_factor"] + 1
    before = 4 * 2 * encoder["subsampling_conv_channels"] * (frames // 2) * (encoder["feat_in"] // 2)
    attention = 4 * (4 * encoder["n_heads"] * steps * steps + 12 * encoder["d_model"] * steps)
    spectrum = 4 * 4 * frames * config["preprocessor"]["n_fft"]
    return int(before + attention + spectrum) + _CACHE


def _load(folder: Path) -> Any:
    name = model_name(folder)
    if kind(folder) != "parakeet":
        raise KnownError(f"{name} is no Parakeet model.", "Give the folder of one.")
    from mlx_audio.stt.utils import load_model

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return load_model(folder, model_type="parakeet", strict=True)
    except (FileNotFoundError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise KnownError(f"{name} is not a whole Parakeet model: {error}.", "Download it again.") from error
