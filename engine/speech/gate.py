"""What of a stream of sound is speech: a pure decision over probabilities, frame by frame. Knows no net and no sound.

Two thresholds, so that a voice that falters is not cut; a few frames before it opens, so that a click does not; some
frames kept from before it opened, so that no first consonant is lost; and a while of quiet before it closes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rules:
    """Counts are frames (voice_activity.FRAME samples, 32 ms).

    opens: a frame at least so likely speech counts towards opening; stays: one under it counts towards closing.
    needed: of the last `among` frames so many must be speech to open. before: kept from before the first of those.
    quiet: so many in a row close it; they are given, too: a recogniser likes to
        hear a word fade, and a sentence with its pauses rather than in pieces.
    longest: an open stretch ends here at the latest; after two thirds of it already at the first frame of quiet.
    """

    opens: float = 0.5
    stays: float = 0.35
    needed: int = 3
    among: int = 5
    before: int = 10
    quiet: int = 45
    longest: int = 875


@dataclass(frozen=True)
class Opened:
    """Speech from this frame on, which lies in the past."""

    frame: int


@dataclass(frozen=True)
class Closed:
    """What was open ends before this frame, the next one. speaking: it was only cut, and goes on as another."""

    frame: int
    speaking: bool = False


class Gate:
    """Fed with one probability per frame, from frame 0 on."""

    def __init__(self, rules: Rules | None = None) -> None:
        self._rules = rules or Rules()
        self._at = 0
        self._opened: int | None = None
        self._recent: list[int] = []  # frames that were speech, while closed
        self._last = 0  # the last frame that was speech, while open
        self._given = 0  # frames before this one have been given already

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    @property
    def needed_from(self) -> int:
        """While closed: frames before this one will never be asked for."""
        return max(self._given, self._at - self._rules.before - self._rules.among)

    def feed(self, probability: float) -> Opened | Closed | None:
        frame, self._at = self._at, self._at + 1
        if self._opened is None:
            return self._waiting(frame, probability)
        if probability >= self._rules.stays:
            self._last = frame
        if frame - self._last >= self._rules.quiet:
            return self._close()
        length, longest = self._at - self._opened, self._rules.longest
        if length >= longest or (length > longest * 2 // 3 and probability < self._rules.stays):
            self._opened = self._at
            return Closed(self._at, speaking=True)
        return None

    def end(self) -> Closed | None:
        """The sound is over."""
        return self._close() if self._opened is not None else None

    def _waiting(self, frame: int, probability: float) -> Opened | None:
        rules = self._rules
        self._recent = [one for one in self._recent if one > frame - rules.among]
        if probability >= rules.opens:
            self._recent.append(frame)
        if len(self._recent) < rules.needed:
            return None
        self._opened, self._last = max(self._given, self._recent[0] - rules.before), frame
        return Opened(self._opened)

    def _close(self) -> Closed:
        self._opened, self._recent, self._given = None, [], self._at
        return Closed(self._at)
