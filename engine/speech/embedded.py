"""The recogniser that is there before any download, on Linux: PocketSphinx with the English model in its wheel.

It is small and old: about one word in four is wrong even in clear speech (docs/voice.md). It has no punctuation and no
capitals. Engine thread, though nothing here touches MLX.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.messages import SpokenWord
from engine.speech.recogniser import Hints, Pulse, Said
from engine.speech.sound import RATE, Samples, as_pcm

_FRAMES_PER_SECOND = 100
_PIECE = RATE // 2
"""Samples between two looks at what else the engine has to do."""
_FIRST = 3 * RATE
"""Samples of an utterance from which it is learnt how the voice and the room sound, before its first word is sought."""
_PRONUNCIATION = re.compile(r"\(\d+\)$")  # "for(2)": the second way to say it


class Embedded:
    name = "PocketSphinx, a small built-in recogniser for English"
    caution = "Written by a small built-in recogniser, which gets one word in four wrong; `--model` names a better."
    longest = 20.0

    def __init__(self) -> None:
        self._free: list[Any] = []
        self._listener: Any = None

    def begin(self, hints: Hints) -> _Utterance:
        if hints.language not in {None, "en"}:
            raise KnownError(
                "The built-in recogniser understands only English.",
                "Choose a Whisper model for other languages: `--model`.",
            )
        if self._listener is None:
            self._listener = _decoder(lm=None, keyphrase="hello", kws_threshold=1e-40)  # seeks next to nothing: quick
        return _Utterance(self._free.pop() if self._free else _decoder(), self._free, self._listener)

    def close(self) -> None:
        self._free.clear()
        self._listener = None


class _Utterance:
    """The first seconds are kept until there are enough to normalise by: without that the first words are lost."""

    def __init__(self, decoder: Any, free: list[Any], listener: Any) -> None:
        self._decoder, self._free, self._listener = decoder, free, listener
        self._first: Samples | None = np.zeros(0, np.float32)
        self._decoder.start_utt()

    def hear(self, samples: Samples, pulse: Pulse) -> None:
        if self._first is None:
            self._decode(samples, pulse)
            return
        self._first = np.concatenate([self._first, samples])
        if len(self._first) >= _FIRST:
            self._begin(pulse)

    def guess(self, pulse: Pulse) -> Said:
        if self._first is not None and len(self._first) >= _FIRST // 2:
            self._begin(pulse)
        return Said(_words(self._decoder), "en")

    def end(self, pulse: Pulse) -> Said:
        self._begin(pulse)
        self._decoder.end_utt()
        said = Said(_words(self._decoder), "en")
        self._free.append(self._decoder)
        return said

    def _begin(self, pulse: Pulse) -> None:
        """Sets the mean of the cepstra to that of the first seconds, as doing the whole utterance at once would."""
        first, self._first = self._first, None
        if first is None or not len(first):
            return
        self._listener.start_utt()
        self._listener.process_raw(as_pcm(first), no_search=True)
        mean = self._listener.get_cmn(True)
        self._listener.end_utt()
        self._decoder.set_cmn(mean)
        self._decode(first, pulse)

    def _decode(self, samples: Samples, pulse: Pulse) -> None:
        for at in range(0, len(samples), _PIECE):
            pulse()
            self._decoder.process_raw(as_pcm(samples[at : at + _PIECE]))

    def drop(self) -> None:
        self._decoder.end_utt()
        self._free.append(self._decoder)


def _decoder(**options: Any) -> Any:
    try:
        from pocketsphinx import Decoder
    except ImportError as error:
        raise KnownError("The built-in recogniser is not installed.", "Install Cadre anew with `make run`.") from error
    return Decoder(samprate=RATE, loglevel="FATAL", **options)


def _words(decoder: Any) -> tuple[SpokenWord, ...]:
    """Without silences and noises. Times of frames, 10 ms."""
    if decoder.hyp() is None:
        return ()
    return tuple(
        SpokenWord(
            " " + _PRONUNCIATION.sub("", part.word),
            part.start_frame / _FRAMES_PER_SECOND,
            (part.end_frame + 1) / _FRAMES_PER_SECOND,
        )
        for part in decoder.seg()
        if not part.word.startswith(("<", "["))
    )
