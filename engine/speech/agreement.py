"""Which words of a guess will stay while somebody still speaks: those that two guesses in a row agree on. Pure.

Local agreement as in Liu et al. 2020 ("Low-latency sequence-to-sequence speech recognition") and Macháček et al. 2023
("Turning Whisper into real-time transcription system"). Every guess is about the whole utterance so far.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.messages import SpokenWord

_LENIENCE = 0.1
"""Seconds by which a recogniser's times of the same word may differ from guess to guess."""
_NOT_A_LETTER = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Agreed:
    """stable only ever grows. tentative: what the last guess has after it."""

    stable: tuple[SpokenWord, ...] = ()
    tentative: tuple[SpokenWord, ...] = ()

    def next(self, guess: tuple[SpokenWord, ...]) -> Agreed:
        """After one more guess. A word that became stable stays, also when the guess has another in its place."""
        rest = self._after_stable(guess)
        agreed = 0
        while agreed < min(len(rest), len(self.tentative)) and _same(rest[agreed], self.tentative[agreed]):
            agreed += 1
        return Agreed(self.stable + rest[:agreed], rest[agreed:])

    def _after_stable(self, guess: tuple[SpokenWord, ...]) -> tuple[SpokenWord, ...]:
        """By number where the guess begins with the stable words, else by time."""
        count = len(self.stable)
        if len(guess) >= count and all(map(_same, self.stable, guess[:count])):
            return guess[count:]
        end = self.stable[-1].end if self.stable else 0.0
        return tuple(word for word in guess if word.start >= end - _LENIENCE)


def _same(one: SpokenWord, other: SpokenWord) -> bool:
    """Without regard to case and punctuation, which follow from what comes later."""
    return _key(one.text) == _key(other.text)


def _key(text: str) -> str:
    return _NOT_A_LETTER.sub("", text.casefold()) or text.strip()
