"""A desktop around a dictation that takes what it is given and notes nothing: another program is in front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.desktop.parts import Allowed, Loan, Parts, here


class _Front:
    def remember(self) -> None: ...

    def give_back(self) -> None: ...

    def is_back(self) -> bool:
        return True


class _Keys:
    why_not = ""

    def held(self) -> bool:
        return False

    def is_secure(self) -> bool:
        return False

    def paste(self) -> None: ...

    def undo(self) -> None: ...


class _Lent:
    receipts = False

    def is_ours(self) -> bool:
        return True

    def give_back(self) -> None: ...


class _Pasteboard:
    def copy(self, text: str) -> None: ...

    def lend(self, text: str, read: Callable[[], None]) -> Loan:
        return _Lent()


class _Microphone:
    def allowed(self) -> Allowed:
        return Allowed.YES

    def ask(self, answered: Callable[[], None]) -> None:
        answered()

    def open_settings(self) -> None: ...


def parts() -> Parts:
    """This machine's, but for what would touch the person's clipboard, keys or microphone."""
    return replace(here(), front=_Front(), keys=_Keys(), pasteboard=_Pasteboard(), microphone=_Microphone())
