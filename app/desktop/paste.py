"""How a text gets into another program by its own Paste, and the clipboard back to the person. Decides only; pure.

The text is lent to the clipboard as a promise, and whoever reads it gives a receipt. The clipboard goes back when it
was read after the keys were pressed and then left alone for a moment, and only as long as nobody else has written to
it: a fixed delay would now and then paste what was there before. Where nothing may be pressed, or nothing took the
text, it stays on the clipboard, and that is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

PATIENCE = 2.0
"""Seconds until the program must be in front and the person's keys up."""
QUIET = 0.2
"""Seconds after the last receipt: some programs read twice."""
LONGEST = 8.0
"""Seconds to wait for a receipt: a busy machine is slow, and ours is busy."""


class Stage(StrEnum):
    WAITING = "waiting"
    PRESSED = "pressed"
    DONE = "done"


class Outcome(StrEnum):
    """Of the copied ones the person is told why."""

    PENDING = "pending"
    INSERTED = "inserted"
    CANCELLED = "cancelled"
    CHOSEN = "copied, as set"
    FORBIDDEN = "copied: no permission to press keys"
    SECURE = "copied: a password is being typed"
    AWAY = "copied: another program is in front"
    HELD = "copied: a key is held down"
    UNREAD = "copied: nothing took it"

    @property
    def is_copied(self) -> bool:
        return self.value.startswith("copied")


class Act(StrEnum):
    """paste: lend the text to the clipboard and press the keys. copy: the text stays there, for good."""

    WAIT = "wait"
    PASTE = "paste"
    GIVE_BACK = "give back"
    COPY = "copy"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Seen:
    """The world at one look. front: the program to insert into is in front. held: the person holds a modifier.
    ours: the clipboard still has what we lent. read: when it was last read, None for never. receipts: reads are told at
    all. hurried: no more time, as when Cadre ends or inserts the next text.
    """

    now: float
    front: bool = True
    held: bool = False
    secure: bool = False
    allowed: bool = True
    ours: bool = True
    read: float | None = None
    receipts: bool = True
    cancelled: bool = False
    hurried: bool = False


@dataclass(frozen=True)
class Paste:
    """copy_only, keep: as the person has set: never press; never bring back what was there before."""

    began: float
    copy_only: bool = False
    keep: bool = False
    stage: Stage = Stage.WAITING
    pressed: float = 0.0
    outcome: Outcome = Outcome.PENDING

    def next(self, seen: Seen) -> tuple[Paste, Act]:
        match self.stage:
            case Stage.WAITING:
                return self._before(seen)
            case Stage.PRESSED:
                return self._after(seen)
            case Stage.DONE:
                return self, Act.NOTHING

    def _before(self, seen: Seen) -> tuple[Paste, Act]:
        """Nothing was touched yet."""
        if seen.cancelled:
            return self._done(Outcome.CANCELLED, Act.NOTHING)
        never = {Outcome.CHOSEN: self.copy_only, Outcome.FORBIDDEN: not seen.allowed, Outcome.SECURE: seen.secure}
        if why := next((outcome for outcome, so in never.items() if so), None):
            return self._done(why, Act.COPY)
        if seen.front and not seen.held:
            return replace(self, stage=Stage.PRESSED, pressed=seen.now, outcome=Outcome.INSERTED), Act.PASTE
        if seen.hurried or seen.now - self.began >= PATIENCE:
            return self._done(Outcome.HELD if seen.front else Outcome.AWAY, Act.COPY)
        return self, Act.WAIT

    def _after(self, seen: Seen) -> tuple[Paste, Act]:
        """The keys are pressed and cannot be called back: cancelling comes too late."""
        if not seen.ours:
            return self._done(Outcome.INSERTED, Act.NOTHING)  # what is newer than ours stays
        if self.keep or not seen.receipts:
            return self._done(Outcome.INSERTED, Act.COPY)
        taken = seen.read is not None and seen.read >= self.pressed
        if taken and (seen.hurried or seen.now - (seen.read or 0.0) >= QUIET):
            return self._done(Outcome.INSERTED, Act.GIVE_BACK)
        if not (seen.hurried or seen.now - self.pressed >= LONGEST):
            return self, Act.WAIT
        if seen.read is not None:  # before the keys: a promise gives one receipt, so nobody can tell
            return self._done(Outcome.INSERTED, Act.GIVE_BACK)
        return self._done(Outcome.UNREAD, Act.COPY)

    def _done(self, outcome: Outcome, act: Act) -> tuple[Paste, Act]:
        return replace(self, stage=Stage.DONE, outcome=outcome), act
