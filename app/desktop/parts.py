"""What Cadre needs of the desktop around its windows, as protocols, and which of them this machine has.

Each part says why it does nothing where it does nothing (`why_not`, "" when it works), so that the interface can. Used
on the interface thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
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

    def paste(self) -> None:
        """In whatever is in front."""


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
