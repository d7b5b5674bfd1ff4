"""What the key of dictation means: held, it listens as long as it is held; pressed shortly, until it is pressed again.

Pure. Times are seconds of any clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HELD = 0.4
"""Seconds from which a press was meant as holding."""


class Wish(StrEnum):
    NOTHING = "nothing"
    BEGIN = "begin"
    END = "end"


@dataclass(frozen=True)
class Key:
    """since: when the press began that began to listen, while the key is down."""

    since: float | None = None

    def pressed(self, now: float, *, listening: bool) -> tuple[Key, Wish]:
        return (Key(), Wish.END) if listening else (Key(now), Wish.BEGIN)

    def released(self, now: float, *, listening: bool) -> tuple[Key, Wish]:
        """listening: still, so that nothing else ended it meanwhile."""
        held = self.since is not None and now - self.since >= HELD
        return Key(), Wish.END if held and listening else Wish.NOTHING
