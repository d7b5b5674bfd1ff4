"""A key with its modifiers, as Qt writes it in its portable form ("Ctrl+Alt+Space"). Pure, and without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.errors import KnownError


class Modifier(StrEnum):
    """In Qt's words; on a Mac Ctrl is Command and Meta is Control."""

    CTRL = "Ctrl"
    ALT = "Alt"
    SHIFT = "Shift"
    META = "Meta"


@dataclass(frozen=True)
class Chord:
    """key: Qt's name of it, as "A", "Space", "F5", "."."""

    modifiers: frozenset[Modifier]
    key: str

    @classmethod
    def of(cls, text: str) -> Chord:
        """Raises KnownError: no key for everywhere: it needs Ctrl, Alt or Meta, or is one of the F keys."""
        before, _, key = (text[:-1], "", "+") if text.endswith("++") else text.rpartition("+")
        names = before.removesuffix("+").split("+") if before else []
        try:
            modifiers = frozenset(Modifier(name) for name in names)
        except ValueError as error:
            raise KnownError(f"{text!r} is no key.", "Press another one in Settings.") from error
        if not key or (not modifiers - {Modifier.SHIFT} and not _is_function_key(key)):
            raise KnownError(
                f"{text or 'Nothing'} alone would be taken from every program.", "Add Command, Control or Option to it."
            )
        return cls(modifiers, key)


def _is_function_key(key: str) -> bool:
    return key[:1] == "F" and key[1:].isdigit()
