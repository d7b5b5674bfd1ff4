"""Which lines a table of presets may have. Pure; does not know what they lead to."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from typing import Any

from engine.budget.points import TIERS
from engine.budget.request import UseCase
from engine.errors import KnownError
from engine.messages import Mode

SCHEMA = 1


class Grade(StrEnum):
    EASY = "easy"
    MIDDLE = "middle"
    HARD = "hard"


def checked(text: str) -> dict[str, Any]:
    """The sections of a table, without its schema.

    Raises:
        KnownError: it is no such table.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise wrong(str(error)) from error
    if table.pop("schema", SCHEMA) != SCHEMA:
        raise wrong(f"this Cadre reads schema {SCHEMA} only")
    for name, section in table.items():
        _check_section(name, section)
    return table


def _check_section(name: str, section: Any) -> None:
    if not isinstance(section, dict):
        raise wrong(f"{name} stands outside any section")
    if name == "difficulty":
        _check_limits(section)
    elif name in set(Grade):
        _check_lines(name, section)
    elif name in set(UseCase):
        for grade, lines in section.items():
            if grade not in set(Grade) or not isinstance(lines, dict):
                raise wrong(f"{name} has easy, middle and hard, not {grade}")
            _check_lines(f"{name}.{grade}", lines)
    else:
        raise wrong(f"there is no use case {name}")


def _check_limits(section: dict[str, Any]) -> None:
    for name, value in section.items():
        if name not in ("easy_below", "hard_from") or isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong(f"difficulty has the numbers easy_below and hard_from, not {name} = {value!r}")


def _check_lines(where: str, lines: dict[str, Any]) -> None:
    allowed = {
        "tier": lambda value: value in TIERS,
        "mode": lambda value: value in (Mode.FAST, Mode.BALANCED, Mode.EXACT),
        "reselect_every": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
        "most_lost": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1,
    }
    for name, value in lines.items():
        if name not in allowed or not allowed[name](value):
            raise wrong(f"{name} = {value!r} in {where} is not possible")


def wrong(what: str) -> KnownError:
    return KnownError(f"The presets cannot be read: {what}.", "Mend the file, or delete it to have the defaults.")
