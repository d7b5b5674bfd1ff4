"""What turns a sentence into sound, whichever voice it is. Knows no loudspeaker, no Markdown and no host.

Engine thread. A sentence is made in short steps, so that an answer can get on between any two of them.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from engine.speech.sound import Samples


class Voice(Protocol):
    name: str
    """For people: what it is, in a few words."""
    rate: int
    """Samples a second."""

    def speak(self, sentence: str) -> Generator[Samples, None, None]:
        """One step at each `next`: the sound that it brought, which may be none. Nothing is in flight between two.

        The same sentence sounds the same every time, whatever runs in between. May be left off at any step; then close
        it. One sentence at a time.

        Raises:
            KnownError: it cannot be said with this voice.
        """

    def close(self) -> None: ...
