"""A recogniser, a voice and a gate's net that do as told, for what lies around them. Test support."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import numpy as np

from engine.errors import KnownError
from engine.messages import SpokenWord
from engine.speech.recogniser import Hints, Pulse, Said
from engine.speech.sound import RATE, Samples


class Loudness:
    """Speech is what is loud."""

    def feed(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > 0.1)

    def reset(self) -> None:
        pass


@dataclass
class Counting:
    """Says a number for every half second of an utterance: "1.0" is the third half second of the second one."""

    name: str = "counting"
    caution: str = ""
    longest: float = 10.0
    closed: bool = False
    open: int = 0
    begun: list[Hints] = field(default_factory=list)
    heard: int = 0

    def begin(self, hints: Hints) -> _Counted:
        self.begun.append(hints)
        self.open += 1
        return _Counted(self, len(self.begun) - 1)

    def close(self) -> None:
        self.closed = True


class _Counted:
    def __init__(self, counting: Counting, number: int) -> None:
        self._counting, self._number, self._samples = counting, number, 0

    def hear(self, samples: Samples, pulse: Pulse) -> None:
        pulse()
        self._samples += len(samples)
        self._counting.heard += len(samples)

    def guess(self, pulse: Pulse) -> Said:
        return self._said()

    def end(self, pulse: Pulse) -> Said:
        self._counting.open -= 1
        return self._said()

    def drop(self) -> None:
        self._counting.open -= 1

    def _said(self) -> Said:
        words = (SpokenWord(f" {self._number}.{n}", n / 2, n / 2 + 0.5) for n in range(self._samples * 2 // RATE))
        return Said(tuple(words), "en")


@dataclass
class Humming:
    """A step for every letter of a sentence, each with its number in the alphabet as a sample. ~: it fails there."""

    name: str = "humming"
    rate: int = 100
    closed: bool = False
    left_off: list[str] = field(default_factory=list)
    stepped: Callable[[], object] = lambda: None

    def speak(self, sentence: str) -> Generator[Samples, None, None]:
        done = False
        try:
            for letter in sentence:
                self.stepped()
                if letter == "~":
                    raise KnownError("It cannot say this.", "Write it otherwise.")
                yield np.array([ord(letter) - ord("a")], np.float32)
            done = True
        finally:
            if not done:
                self.left_off.append(sentence)

    def close(self) -> None:
        self.closed = True
