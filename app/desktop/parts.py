"""What Cadre needs of the desktop around its windows, as protocols, and which of them this machine has.

Each part says why it does nothing where it does nothing (`why_not`, "" when it works), so that the interface can. Used
on the interface thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from app.desktop.chord import Chord
from app.desktop.login import LoginItem
from app.voice.aloud import Loudspeaker
from app.voice.voices import Spoken


class Hotkey(Protocol):
    @property
    def why_not(self) -> str: ...

    def listen(self, chord: Chord, pressed: Callable[[], None], released: Callable[[], None]) -> Callable[[], None]:
        """From now on, over every program; returns what ends it. Calls come on the interface thread.

        Raises:
            KnownError: the system refuses, or there is no such key.
        """


class Front(Protocol):
    """The program that the person works in."""

    def remember(self) -> None:
        """Call it before a window of Cadre takes the focus."""

    def give_back(self) -> None:
        """The focus, to what was remembered. Does nothing when that is gone or was Cadre itself."""

    def is_back(self) -> bool:
        """The remembered one is in front again; False as long as nothing is remembered."""


class Selection(Protocol):
    @property
    def why_not(self) -> str: ...

    def text(self) -> str:
        """What is selected in the program that was remembered; "" for nothing."""


class Keys(Protocol):
    """Presses keys in the person's place."""

    @property
    def why_not(self) -> str: ...

    def held(self) -> bool:
        """The person holds a modifier down, which would change the keys."""

    def is_secure(self) -> bool:
        """A password is being typed somewhere: the system lets nobody see keys, and nothing may be pasted there."""

    def paste(self) -> None:
        """In whatever is in front."""

    def undo(self) -> None:
        """What was done there last."""


class Loan(Protocol):
    """A text on the clipboard for a while."""

    @property
    def receipts(self) -> bool:
        """Whether reading is told here."""

    def is_ours(self) -> bool:
        """Nobody has written to the clipboard since."""

    def give_back(self) -> None:
        """What was there before, all of it. Does nothing when it is no longer ours."""


class Pasteboard(Protocol):
    def copy(self, text: str) -> None:
        """For good."""

    def lend(self, text: str, read: Callable[[], None]) -> Loan:
        """In place of what is there. read: called on the interface thread when a program takes the text; perhaps only
        the first time. Programs that keep a history of the clipboard are asked to leave it out.
        """


class Allowed(StrEnum):
    YES = "yes"
    NO = "no"
    UNASKED = "unasked"


class Microphone(Protocol):
    """Whether Cadre may listen at all."""

    def allowed(self) -> Allowed: ...

    def ask(self, answered: Callable[[], None]) -> None:
        """Once the person decided, `allowed` tells how."""

    def open_settings(self) -> None:
        """Where the person can allow it."""


class Panels(Protocol):
    def raise_over_all(self, window: int) -> None:
        """window: Qt's winId. Over full-screen programs too, and in every space."""


class Dock(Protocol):
    def show(self, *, shown: bool) -> None:
        """Whether Cadre stands in the Dock and among the programs one switches between."""


class Awake(Protocol):
    def hold(self, why: str) -> Callable[[], None]:
        """The system slows nothing of Cadre down until what is returned is called. The machine may sleep."""


@dataclass(frozen=True)
class Parts:
    hotkey: Hotkey
    front: Front
    selection: Selection
    keys: Keys
    pasteboard: Pasteboard
    microphone: Microphone
    panels: Panels
    dock: Dock
    awake: Awake
    login: LoginItem
    show_folder_words: str
    voice: Callable[[str, float], Spoken] | None = None
    """Makes the sound of a sentence at a speed, on any thread; None: the system's voice."""
    loudspeaker: Loudspeaker | None = None
    """None: the system's."""


def here() -> Parts:
    """The parts of this machine. Loads the Mac's own only there."""
    if sys.platform == "darwin":
        from app.macos.parts import parts
    else:
        from app.desktop.plain import parts
    return parts()
