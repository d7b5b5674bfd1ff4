"""A dictation as the person sees it, at one moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    HIDDEN = "hidden"
    ASKING = "asking"
    LISTENING = "listening"
    WORKING = "working"
    INSERTED = "inserted"
    COPIED = "copied"
    OFFERED = "offered"
    NOTHING = "nothing"
    CANCELLED = "cancelled"
    DENIED = "denied"
    FAILED = "failed"

    @property
    def is_busy(self) -> bool:
        """It can be cancelled, and no other begins."""
        return self in {Stage.ASKING, Stage.LISTENING, Stage.WORKING}


class Do(StrEnum):
    """What can be pressed."""

    END = "end"
    CANCEL = "cancel"
    RETRY = "retry"
    SWAP = "swap"
    AS_SPOKEN = "as spoken"
    SHOW = "show"
    ALLOW = "allow"
    HIDE = "hide"


@dataclass(frozen=True)
class Shown:
    """level: 0 to 1. stable, tentative: the words so far. sentence: what happened. warning: what is wrong while it
    listens. here: the text goes into a field of Cadre's own.
    """

    stage: Stage = Stage.HIDDEN
    level: float = 0.0
    stable: str = ""
    tentative: str = ""
    sentence: str = ""
    warning: str = ""
    here: bool = False
    acts: tuple[Do, ...] = ()
