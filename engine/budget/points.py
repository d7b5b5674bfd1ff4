"""The points (k, C) that a model can reach: how many experts per layer, what they take, which tier means which. Pure.

C is the same in every MoE layer; k stays as the model was trained. Knows no memory limit and no measured quality: the
plan brings them together (plan.py, standard.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.messages import Mode
from engine.routing.families import RouterShape

SPARES = 2
"""Slots beyond the residents: the next experts are read into them while the present ones serve."""
TIERS = ("1b", "2b", "3b", "4b")
_TIER_SHARE = {"1b": 0.125, "2b": 0.25, "3b": 0.375, "4b": 0.5}
_SMALL = 4_000_000_000
"""Below this many parameters in all, tiers are shares of the experts: their names would make no sense."""
_STEPS = 8
"""Beside the least and the tiers, points lie an eighth of the experts apart."""
_FARTHER = 1.5
_WORTH_IT = 1.25
"""Trying harder grows the set by half; a set that memory keeps under a quarter larger would change little."""


@dataclass(frozen=True)
class Shape:
    """What a plan needs to know of a model. Parameters are numbers of weights, slot_* of one expert per layer."""

    experts: int
    router: RouterShape
    slot_bytes: int
    slot_parameters: int
    dense_parameters: int

    @property
    def total_parameters(self) -> int:
        return self.dense_parameters + self.experts * self.slot_parameters

    @property
    def least(self) -> int:
        return self.router.least


@dataclass(frozen=True)
class Point:
    """k: routed experts of one token. residents: C. share: of all experts.

    active_parameters: what one token is multiplied by, dense and shared weights and k experts in every layer.
    held_parameters: dense, shared and resident. bytes: of the banks with their spare slots.
    tiers: those that mean this point, memory permitting.
    """

    k: int
    residents: int
    share: float
    active_parameters: int
    held_parameters: int
    bytes: int
    tiers: tuple[str, ...]


def points(shape: Shape) -> tuple[Point, ...]:
    """The table of a model, the fewest residents first; empty for a dense model."""
    if shape.experts == 0:
        return ()
    counts = {nearest(shape, shape.experts * step / _STEPS) for step in range(_STEPS + 1)}
    counts |= {tier_count(shape, tier) for tier in TIERS}
    return tuple(point(shape, count) for count in sorted(counts))


def point(shape: Shape, residents: int) -> Point:
    """Of any legal number of residents."""
    k = min(shape.router.experts_per_token, residents)
    return Point(
        k=k,
        residents=residents,
        share=residents / shape.experts,
        active_parameters=shape.dense_parameters + k * shape.slot_parameters,
        held_parameters=shape.dense_parameters + residents * shape.slot_parameters,
        bytes=slots_for(residents, shape.experts) * shape.slot_bytes,
        tiers=tuple(tier for tier in TIERS if tier_count(shape, tier) == residents),
    )


def slots_for(resident: int, experts: int) -> int:
    return min(resident + SPARES, experts)


def nearest(shape: Shape, wanted: float) -> int:
    """The legal number of residents nearest to `wanted`; of two equally near the smaller."""
    E, groups = shape.experts, shape.router.groups
    below = shape.router.legal(int(min(max(wanted, 0), E)), E)
    above = min(below + groups, E)
    return above if above - wanted < wanted - below else below


def tier_count(shape: Shape, tier: str) -> int:
    """Residents of the point nearest to a tier: to its parameters held, or in a small model to its share."""
    if is_small(shape):
        return nearest(shape, _TIER_SHARE[tier] * shape.experts)
    return nearest(shape, (_parameters(tier) - shape.dense_parameters) / max(shape.slot_parameters, 1))


def is_small(shape: Shape) -> bool:
    return shape.total_parameters < _SMALL


def about_tier(shape: Shape, tier: str) -> str:
    """How near the model comes to a tier, in a sentence."""
    count = tier_count(shape, tier)
    if is_small(shape):
        share = f"The model is small: {tier} means {_TIER_SHARE[tier]:.0%} of its experts"
        short = count > round(_TIER_SHARE[tier] * shape.experts)
        return f"{share}; {count} are the fewest it works with." if short else f"{share}."
    held = shape.dense_parameters + count * shape.slot_parameters
    if abs(held - _parameters(tier)) <= shape.slot_parameters:
        return f"{count} experts per layer and the dense weights make {tier}."
    return f"This model cannot reach {tier}; the nearest is {held / 1e9:.1f} B in memory."


def harder(shape: Shape, mode: Mode, residents: int, most: int) -> tuple[Mode, int]:
    """One step up: half as many residents again, as far as `most` in memory allow, and tokens that miss too much are
    taken again. Where no larger set is left, every token gets the experts it wants.
    """
    if mode is Mode.EXACT or shape.experts == 0:
        return Mode.EXACT, residents
    larger = (p.residents for p in points(shape) if p.residents >= _FARTHER * residents)
    grown = shape.router.legal(min(next(larger, shape.experts), most), shape.experts)
    if grown < min(_WORTH_IT * residents, shape.experts):
        return Mode.EXACT, max(grown, residents)
    return (Mode.BALANCED, grown) if grown > residents else (Mode.EXACT, residents)


def _parameters(tier: str) -> int:
    return int(tier[0]) * 1_000_000_000
