"""A desktop that does as it is told, and remembers what was asked of it. Test support."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.desktop.chord import Chord
from app.desktop.parts import Allowed, Parts
from engine.errors import KnownError


class FakeHotkey:
    why_not = ""

    def __init__(self) -> None:
        self.listening: dict[Chord, Any] = {}
        self.taken: set[Chord] = set()

    def listen(self, chord, pressed, released):
        if chord in self.taken:
            raise KnownError("Another program has this key.", "Choose another key in Settings.")
        self.listening[chord] = (pressed, released)
        return lambda: self.listening.pop(chord, None)

    def press(self, text: str) -> None:
        self.down(text)
        self.up(text)

    def down(self, text: str) -> None:
        self.listening[Chord.of(text)][0]()

    def up(self, text: str) -> None:
        self.listening[Chord.of(text)][1]()


class FakeFront:
    """comes_back: whether the other program does when it is given the focus."""

    def __init__(self) -> None:
        self.front, self.remembered, self.comes_back = "Notes", "", True
        self.cadre_comes = True
        """To the front, after the program there was remembered; the pill does not."""

    def remember(self):
        if self.front != "Cadre":
            self.remembered = self.front
        if self.cadre_comes:
            self.front = "Cadre"

    def give_back(self):
        if self.remembered and self.comes_back:
            self.front = self.remembered

    def is_back(self):
        return bool(self.remembered) and self.front == self.remembered


class FakeSelection:
    def __init__(self) -> None:
        self.why_not, self.selected, self.read = "", "", 0

    def text(self):
        self.read += 1
        return "" if self.why_not else self.selected


class FakeKeys:
    def __init__(self) -> None:
        self.why_not, self.holding, self.pasted, self.secure = "", 0, 0, False
        self.undone = 0
        self.into = lambda: None
        """What the program in front does when it is told to paste."""

    def held(self):
        self.holding = max(0, self.holding - 1)
        return self.holding > 0

    def is_secure(self):
        return self.secure

    def paste(self):
        self.pasted += 1
        self.into()

    def undo(self):
        self.undone += 1


class FakePasteboard:
    """content: what is there. `read` is another program's reading it, `write` another's writing."""

    def __init__(self) -> None:
        self.content, self.receipts = "what was there", True
        self.lent: FakeLoan | None = None

    def copy(self, text):
        self.write(text)

    def lend(self, text, read):
        before = self.content
        self.write(text)
        self.lent = FakeLoan(self, before, read)
        return self.lent

    def read(self):
        if self.lent is not None and self.receipts:
            self.lent.told()
        return self.content

    def write(self, text):
        self.content, self.lent = text, None


class FakeLoan:
    def __init__(self, board, before, told) -> None:
        self.board, self.before, self.told, self.receipts = board, before, told, board.receipts

    def is_ours(self):
        return self.board.lent is self

    def give_back(self):
        if self.is_ours():
            self.board.write(self.before)


class FakeMicrophone:
    """answer: what the person says when asked."""

    def __init__(self) -> None:
        self.now, self.answer, self.settings = Allowed.YES, Allowed.YES, 0

    def allowed(self):
        return self.now

    def ask(self, answered):
        self.now = self.answer
        answered()

    def open_settings(self):
        self.settings += 1


@dataclass
class FakeSystem:
    """Levels, Dock and naps. holding: what keeps Cadre awake now."""

    raised: list[int] = field(default_factory=list)
    shown: bool = True
    holding: list[str] = field(default_factory=list)

    def raise_over_all(self, window):
        self.raised.append(window)

    def show(self, *, shown):
        self.shown = shown

    def hold(self, why):
        self.holding.append(why)
        return lambda: self.holding.remove(why) if why in self.holding else None


class FakeLogin:
    def __init__(self) -> None:
        self.on = False

    def is_on(self):
        return self.on

    def turn(self, *, on):
        self.on = on


def fake_parts() -> Parts:
    system = FakeSystem()
    return Parts(
        FakeHotkey(), FakeFront(), FakeSelection(), FakeKeys(), FakePasteboard(), FakeMicrophone(),
        system, system, system, FakeLogin(), "Show in Folder",
    )  # fmt: skip
