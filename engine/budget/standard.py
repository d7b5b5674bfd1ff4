"""How many experts, and in which mode, keep an answer as good as wanted, by what was measured of the model. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.budget.profile import PREFILL, Profile, Served
from engine.messages import Mode

HELD_FOR_EXACT = 0.5
"""Share of the experts that exact holds where it was not chosen for being asked for: every one held is not read."""

_STRICTER = (Served(Mode.FAST), Served(Mode.FAST, PREFILL), Served(Mode.BALANCED), Served(Mode.EXACT))
"""The routers choose better than a predictor, but every layer waits for its own experts."""


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

    served: Served
    residents: int
    size_why: str = ""
    mode_why: str = ""


def meet(standard: Standard, mode: Mode, wanted: int, most: int) -> Met:
    """The least change that keeps the standard: more experts as far as memory allows, else a stricter mode; and fast
    in place of balanced where it keeps the standard with as many.

    wanted: residents of the budget. most: that memory holds. What is pinned stays; where that breaks the standard, the
    reason says what it costs.
    """
    failed: list[Served] = []
    for way in _STRICTER[_STRICTER.index(Served(mode)) :]:
        if way.mode is not mode and not standard.free_mode:
            break
        residents = _enough(standard, way, wanted, most)
        if residents is not None:
            met = _met(standard, failed, way, wanted, residents, most)
            return _fast_if_as_good(standard, met, most) if standard.free_mode else met
        failed.append(way)
    return _pinned(standard, Served(mode), wanted, most)


def _fast_if_as_good(standard: Standard, met: Met, most: int) -> Met:
    """Balanced makes good what fast misses. A model that was trained for small sets misses nothing that matters, and
    then reading for a prompt and for a token again is for nothing.
    """
    if met.served.mode is not Mode.BALANCED:
        return met
    for way in (way for way in _STRICTER if way.mode is Mode.FAST):
        if standard.profile.loss(way, min(met.residents, most)) <= standard.most_lost:
            return replace(met, served=way)  # nothing to tell: the answer is as good
    return met


def _enough(standard: Standard, way: Served, wanted: int, most: int) -> int | None:
    """Residents with which it keeps the standard within memory; None when it cannot."""
    profile = standard.profile
    if way.mode is Mode.EXACT:
        return wanted
    if not standard.free_size:
        return wanted if profile.loss(way, min(wanted, most)) <= standard.most_lost else None
    fewest = profile.fewest(way, standard.most_lost)
    return max(wanted, fewest) if fewest <= most else None


def _met(standard: Standard, failed: list[Served], way: Served, wanted: int, residents: int, most: int) -> Met:
    profile, why = standard.profile, _failed(standard, failed, way, wanted, most)
    if way.mode is Mode.EXACT and failed and standard.free_size:
        residents = max(residents, int(HELD_FOR_EXACT * profile.experts))
    size_why = ""
    if residents > wanted and way.mode is not Mode.EXACT:
        size_why = f"Measured: {way.mode} loses over {standard.most_lost:.0%} with {wanted} experts per layer."
    return Met(way, residents, size_why, why)


def _failed(standard: Standard, failed: list[Served], way: Served, wanted: int, most: int) -> str:
    if not failed:
        return ""
    if way.mode is Mode.FAST:
        what = "what the predictor picks"
    else:
        what = " and ".join(dict.fromkeys(str(one.mode) for one in failed))
    if standard.free_size:
        return f"Measured: with what memory holds ({most} experts per layer) {what} would lose too much."
    return f"Measured: with {min(wanted, most)} experts per layer {what} would lose too much."


def _pinned(standard: Standard, way: Served, wanted: int, most: int) -> Met:
    """The person's mode, with as much as memory holds where the size is free, and a word of what it costs."""
    profile = standard.profile
    wanted = max(wanted, profile.fewest(way, standard.most_lost)) if standard.free_size else wanted
    line = profile.at(way, min(wanted, most))
    cost = f"loses {line.loss:.0%}" if line is not None else "was not tried"
    return Met(way, wanted, mode_why=f"Measured: {way.mode} {cost} with {min(wanted, most)} experts per layer.")
