"""How many experts, and in which mode, keep an answer as good as wanted, by what was measured of the model. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.budget.profile import Profile
from engine.messages import Mode

HELD_FOR_EXACT = 0.5
"""Share of the experts that exact holds where it was not chosen for being asked for: every one held is not read."""

_STRICTER = (Mode.FAST, Mode.BALANCED, Mode.EXACT)


@dataclass(frozen=True)
class Standard:
    """most_lost: by what share text may be foreseen worse than with every expert.

    free_mode, free_size: whether the person left the mode, and the tier and count, to Cadre.
    """

    profile: Profile
    most_lost: float
    free_mode: bool
    free_size: bool


@dataclass(frozen=True)
class Met:
    """residents: wanted, before memory has its say. size_why, mode_why: what was changed and why, or empty."""

    mode: Mode
    residents: int
    size_why: str = ""
    mode_why: str = ""


def meet(standard: Standard, mode: Mode, wanted: int, most: int) -> Met:
    """The least change that keeps the standard: more experts as far as memory allows, else a stricter mode; and fast
    in place of balanced where it keeps the standard with as many.

    wanted: residents of the budget. most: that memory holds. What is pinned stays; where that breaks the standard, the
    reason says what it costs.
    """
    failed: list[Mode] = []
    for way in _STRICTER[_STRICTER.index(mode) :]:
        residents = _enough(standard, way, wanted, most)
        if residents is not None:
            met = _met(standard, failed, way, wanted, residents, most)
            return _fast_if_as_good(standard, met, most) if standard.free_mode else met
        if not standard.free_mode:
            return _pinned(standard, way, wanted, most)
        failed.append(way)
    raise AssertionError("exact meets every standard")


def _fast_if_as_good(standard: Standard, met: Met, most: int) -> Met:
    """Balanced makes good what fast misses. A model that was trained for small sets misses nothing that matters, and
    then reading for a prompt and for a token again is for nothing.
    """
    loss = standard.profile.loss(Mode.FAST, min(met.residents, most))
    if met.mode is not Mode.BALANCED or loss > standard.most_lost:
        return met
    return replace(met, mode=Mode.FAST)  # nothing to tell: the answer is as good


def _enough(standard: Standard, way: Mode, wanted: int, most: int) -> int | None:
    """Residents with which a mode keeps the standard within memory; None when it cannot."""
    profile = standard.profile
    if way is Mode.EXACT:
        return wanted
    if not standard.free_size:
        return wanted if profile.loss(way, min(wanted, most)) <= standard.most_lost else None
    fewest = profile.fewest(way, standard.most_lost)
    return max(wanted, fewest) if fewest <= most else None


def _met(standard: Standard, failed: list[Mode], way: Mode, wanted: int, residents: int, most: int) -> Met:
    profile, why = standard.profile, _failed(standard, failed, wanted, most)
    if way is Mode.EXACT and failed and standard.free_size:
        residents = max(residents, int(HELD_FOR_EXACT * profile.experts))
    size_why = ""
    if residents > wanted and way is not Mode.EXACT:
        size_why = f"Measured: {way} loses over {standard.most_lost:.0%} with {wanted} experts per layer."
    return Met(way, residents, size_why, why)


def _failed(standard: Standard, failed: list[Mode], wanted: int, most: int) -> str:
    if not failed:
        return ""
    modes = " and ".join(str(mode) for mode in failed)
    if standard.free_size:
        return f"Measured: with what memory holds ({most} experts per layer) {modes} would lose too much."
    return f"Measured: with {min(wanted, most)} experts per layer {modes} would lose too much."


def _pinned(standard: Standard, mode: Mode, wanted: int, most: int) -> Met:
    """The person's mode, with as much as memory holds where the size is free, and a word of what it costs."""
    profile = standard.profile
    wanted = max(wanted, profile.fewest(mode, standard.most_lost)) if standard.free_size else wanted
    line = profile.at(mode, min(wanted, most))
    cost = f"loses {line.loss:.0%}" if line is not None else "was not tried"
    return Met(mode, wanted, mode_why=f"Measured: {mode} {cost} with {min(wanted, most)} experts per layer.")
