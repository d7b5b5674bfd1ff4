"""The table from use case and difficulty to tier, mode and reselection period. Deciding is pure; reading is at the end.

The table that comes with Cadre is resources/presets.toml; a person's copy in Cadre's folder beats it line by line.
A copy that cannot be read is not half obeyed: the defaults serve, and a note says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.budget.difficulty import Difficulty
from engine.budget.plan import AUTO_SHARE
from engine.budget.preset_lines import Grade, checked, wrong
from engine.budget.request import UseCase
from engine.errors import KnownError
from engine.messages import Mode
from engine.models import places

FILE = "presets.toml"


@dataclass(frozen=True)
class Preset:
    """reselect_every: tokens, 0 for only when coverage falls. most_lost: see `Choice`."""

    tier: str
    mode: Mode
    reselect_every: int
    most_lost: float


@dataclass(frozen=True)
class Presets:
    """table: for every use case and grade. notes: what was wrong with the person's file, in sentences."""

    easy_below: float
    hard_from: float
    table: Mapping[tuple[UseCase, Grade], Preset]
    notes: tuple[str, ...] = ()

    def grade(self, score: float) -> Grade:
        if score < self.easy_below:
            return Grade.EASY
        return Grade.HARD if score >= self.hard_from else Grade.MIDDLE


@dataclass(frozen=True)
class Choice:
    """What a request gets: the preset, except for what the person pinned.

    at_least: share of the experts to hold. most_lost: where the model was measured, by what share it may foresee text
    worse than with all of them.
    """

    tier: str
    mode: Mode
    reselect_every: int
    at_least: float
    most_lost: float
    why: str


@dataclass(frozen=True)
class Asked:
    """What the person asked for: "auto", or 0 tokens, leaves it to the table. A mode that is pinned has no period."""

    budget: str = "auto"
    mode: Mode = Mode.AUTO
    reselect_every: int = 0


def decide(difficulty: Difficulty, presets: Presets, asked: Asked, *, known: bool) -> Choice:
    """What was asked for, else what the table says. known: whether the model was trained for few experts, or measured.

    An ordinary model answers badly from few experts, and in fast mode says nothing of it. As long as nobody measured
    how few it bears, it gets half of them and its misses are made good, unless the person insists.
    """
    grade = presets.grade(difficulty.score)
    preset = presets.table[difficulty.use_case, grade]
    words = {Grade.EASY: "Easy", Grade.MIDDLE: "Middling", Grade.HARD: "Hard"}[grade]
    careful = preset.mode if known or preset.mode is not Mode.FAST else Mode.BALANCED
    return Choice(
        preset.tier if asked.budget == "auto" else asked.budget,
        careful if asked.mode is Mode.AUTO else asked.mode,
        asked.reselect_every or (preset.reselect_every if asked.mode is Mode.AUTO else 0),
        0.0 if known or asked.budget != "auto" else AUTO_SHARE,
        preset.most_lost,
        f"{words}: {difficulty.reason}.",
    )


def parse(defaults: str, own: str | None = None) -> Presets:
    """The table from the text that comes with Cadre and the text of the person's file.

    Raises:
        KnownError: one of the texts is no such table.
    """
    tables = [checked(text) for text in (defaults, own) if text is not None]
    limits = {name: float(value) for table in tables for name, value in table.get("difficulty", {}).items()}
    if not 0 <= limits["easy_below"] <= limits["hard_from"] <= 1:
        raise wrong("easy_below and hard_from lie from 0 to 1, easy_below first")
    table = {(case, grade): _preset(tables, case, grade) for case in UseCase for grade in Grade}
    return Presets(limits["easy_below"], limits["hard_from"], table)


def _preset(tables: list[dict[str, Any]], case: UseCase, grade: Grade) -> Preset:
    """The person's lines beat Cadre's; within one file those of a use case beat the general ones."""
    lines: dict[str, Any] = {}
    for table in tables:
        lines |= table.get(grade, {})
        lines |= table.get(case, {}).get(grade, {})
    return Preset(lines["tier"], Mode(lines["mode"]), lines["reselect_every"], float(lines["most_lost"]))


# --- files ------------------------------------------------------------------------------------------------


def own_file() -> Path:
    return places.home() / FILE


def load() -> Presets:
    """Cadre's table with the person's file over it; a broken one is noted and not used."""
    defaults = (places.resources() / FILE).read_text(encoding="utf-8")
    try:
        own = own_file().read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return parse(defaults)
    except OSError as error:
        return _noted(parse(defaults), wrong(f"{own_file()}: {error.strerror}"))
    except UnicodeDecodeError:
        return _noted(parse(defaults), wrong(f"{own_file()} is not text"))
    try:
        return parse(defaults, own)
    except KnownError as error:
        return _noted(parse(defaults), error)


def _noted(presets: Presets, error: KnownError) -> Presets:
    return replace(presets, notes=(f"{error.sentence} The defaults serve. {error.next_step}",))
