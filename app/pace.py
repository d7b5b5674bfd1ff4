"""How fast tokens come, from when they came. Pure.

Tokens reach us in bursts: a pipe is read when its reader gets its turn, so two of them may come 40 microseconds apart
while the engine makes one in 30 milliseconds. A rate is only true over a span that is long beside that, so none is told
before LEAST_SECONDS have passed, and none is ever taken over fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

LOOK_BACK = 0.5
"""Seconds that a rate is taken over, where the answer is that old."""
LEAST_SECONDS = 0.25
_APART = 0.02
"""Marks are kept no closer than this: as many as a rate needs, however fast the tokens come."""


@dataclass(frozen=True)
class Pace:
    """marks: (when, how many tokens had come by then), oldest first; only as far back as a rate needs.

    last: the same for the newest token.
    """

    marks: tuple[tuple[float, int], ...] = ()
    last: tuple[float, int] = (0.0, 0)

    def after(self, tokens: int, now: float) -> Pace:
        """With a token that came now, the `tokens`-th of the answer."""
        marks = self.marks
        if not marks or now - marks[-1][0] >= _APART:
            marks = (*marks, (now, tokens))
        while len(marks) > 1 and now - marks[1][0] >= LOOK_BACK:
            marks = marks[1:]
        return Pace(marks, (now, tokens))

    @property
    def per_second(self) -> float | None:
        """Tokens per second of late; None before that can be told."""
        if not self.marks:
            return None
        (began, before), (now, tokens) = self.marks[0], self.last
        spent = now - began
        return (tokens - before) / spent if spent >= LEAST_SECONDS else None
