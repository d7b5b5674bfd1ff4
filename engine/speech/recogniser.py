"""What turns the sound of an utterance into words, whichever it is. Knows no sound device, no file and no gate.

Engine thread. `pulse` is called wherever nothing is in flight: it may raise Cancelled, or let something more urgent run
before it returns.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from engine.messages import SpokenWord
from engine.speech.sound import Samples

Pulse = Callable[[], None]


@dataclass(frozen=True)
class Hints:
    """language: "en", "de", ...; None: find out. words: names and terms that are likely to be said."""

    language: str | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Said:
    """Times are seconds from the utterance's first sample. language: None when the recogniser does not tell."""

    words: tuple[SpokenWord, ...] = ()
    language: str | None = None

    def later(self, seconds: float) -> Said:
        moved = (replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words)
        return replace(self, words=tuple(moved))


class Utterance(Protocol):
    """One stretch of speech. Either `end` or `drop` is called, once."""

    def hear(self, samples: Samples, pulse: Pulse) -> None: ...

    def guess(self, pulse: Pulse) -> Said:
        """What was said so far; may be different the next time."""

    def end(self, pulse: Pulse) -> Said: ...

    def drop(self) -> None:
        """It is not wanted any more."""


class Recogniser(Protocol):
    name: str
    """For people: what it is, in a few words."""
    caution: str
    """What a person must know of what it writes, a sentence; empty: nothing."""
    longest: float
    """Seconds that one utterance may last."""

    def begin(self, hints: Hints) -> Utterance:
        """Several utterances may be open at once, as when a dictation interrupts a file.

        Raises:
            KnownError: not with these hints.
        """

    def close(self) -> None: ...
