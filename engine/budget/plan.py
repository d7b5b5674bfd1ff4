"""From what a request asks for and what memory allows to one number: residents per layer. Pure.

The promise is computed before anything is read and has one term for everything that takes memory (docs/memory.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import KnownError
from engine.messages import Memory, Mode
from engine.routing.families import RouterShape

SPARES = 2
"""Slots beyond the residents: the next experts are read into them while the present ones serve."""
TIERS = ("1b", "2b", "3b", "4b")
_TIER_SHARE = {"1b": 0.125, "2b": 0.25, "3b": 0.375, "4b": 0.5}
_SMALL = 4_000_000_000
"""Below this many parameters in all, tiers are shares of the experts: their names would make no sense."""
AUTO_SHARE = 0.5

Count = int | float | None
"""Experts asked for: a count when it is an int, a share of all when a float, None when the budget decides."""


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
class Terms:
    """The promise's terms that do not depend on the residents, bytes."""

    base: int
    dense: int
    kv: int
    activations: int
    limit: int

    @property
    def fixed(self) -> int:
        return self.base + self.dense + self.kv + self.activations


@dataclass(frozen=True)
class Plan:
    """residents and slots per layer; 0 for a dense model."""

    mode: Mode
    budget: str
    resident: int
    slots: int
    active_parameters: int
    memory: Memory
    why: str
    notes: tuple[str, ...] = ()


def plan(shape: Shape, terms: Terms, mode: Mode, budget: str, experts: Count, at_least: float = 0.0) -> Plan:
    """What the request gets. at_least: share of the experts below which a budget does not go, if memory allows.

    Raises:
        KnownError: a count that cannot work, or memory that holds not even the least.
    """
    notes: list[str] = []
    if budget not in ("auto", *TIERS):
        raise KnownError(f"There is no budget {budget}.", f"Choose auto, {', '.join(TIERS)}.")
    mode = _mode(shape, mode, notes)
    if shape.experts == 0:
        _check_fits(shape, terms, 0)
        why = "The model has no experts to choose from: all of it is used."
        return Plan(mode, budget, 0, 0, shape.dense_parameters, _memory(shape, terms, 0), why, tuple(notes))
    wanted, why = _wanted(shape, budget, experts)
    enough = shape.router.legal(round(at_least * shape.experts), shape.experts)
    if experts is None and enough > wanted:
        why = f"The model is not known to do with {wanted} experts per layer: {at_least:.0%}, not {budget}."
        wanted, budget = enough, "auto"
    fits = _fits(shape, terms)
    if fits < shape.least:
        raise _too_little(shape, terms)
    resident = shape.router.legal(min(wanted, fits), shape.experts)
    if resident < wanted:
        notes.append(f"{_gb(terms.limit)} of memory hold {resident} experts per layer, not {wanted}.")
    slots = slots_for(resident, shape.experts)
    active = shape.dense_parameters + min(shape.router.experts_per_token, resident) * shape.slot_parameters
    return Plan(mode, budget, resident, slots, active, _memory(shape, terms, slots), why, tuple(notes))


def slots_for(resident: int, experts: int) -> int:
    return min(resident + SPARES, experts)


def _mode(shape: Shape, mode: Mode, notes: list[str]) -> Mode:
    if shape.experts == 0:
        return Mode.EXACT
    if shape.router.family is None:
        if mode in (Mode.FAST, Mode.BALANCED):
            notes.append("This model family runs exact only.")
        return Mode.EXACT
    return Mode.BALANCED if mode is Mode.AUTO else mode


def _wanted(shape: Shape, budget: str, experts: Count) -> tuple[int, str]:
    E = shape.experts
    if isinstance(experts, int):
        if not shape.least <= experts <= E:
            raise KnownError(
                f"{experts} experts per layer cannot work: this model takes {shape.least} to {E}.",
                f"Ask for a number from {shape.least} to {E}.",
            )
        return shape.router.legal(experts, E), f"{experts} experts per layer were asked for."
    if experts is not None:
        if not 0 < experts <= 1:
            raise KnownError("A share of the experts lies between 0 and 1.", "Ask for example for 25%.")
        return shape.router.legal(round(experts * E), E), f"{experts:.0%} of the experts were asked for."
    if budget == "auto":
        return shape.router.legal(round(AUTO_SHARE * E), E), "Half of the experts, as far as memory allows."
    if shape.total_parameters < _SMALL:
        return shape.router.legal(round(_TIER_SHARE[budget] * E), E), (
            f"The model is small: {budget} means {_TIER_SHARE[budget]:.0%} of its experts."
        )
    target = int(budget[0]) * 1_000_000_000
    count = shape.router.legal(round((target - shape.dense_parameters) / shape.slot_parameters), E)
    return count, _reached(shape, budget, count, target)


def _reached(shape: Shape, budget: str, count: int, target: int) -> str:
    held = shape.dense_parameters + count * shape.slot_parameters
    if abs(held - target) <= shape.slot_parameters:
        return f"{count} experts per layer and the dense weights make {budget}."
    return f"This model cannot reach {budget}; the nearest is {held / 1e9:.1f} B in memory."


def _fits(shape: Shape, terms: Terms) -> int:
    """The most residents that memory holds beside their spares."""
    slots = int((terms.limit - terms.fixed) // max(shape.slot_bytes, 1))
    return shape.experts if slots >= shape.experts else slots - SPARES


def _memory(shape: Shape, terms: Terms, slots: int) -> Memory:
    banks = slots * shape.slot_bytes
    return Memory(
        base=terms.base,
        dense=terms.dense,
        banks=banks,
        kv=terms.kv,
        activations=terms.activations,
        peak=0,
        promised=terms.fixed + banks,
        limit=terms.limit,
    )


def _check_fits(shape: Shape, terms: Terms, slots: int) -> None:
    if terms.fixed + slots * shape.slot_bytes > terms.limit:
        raise _too_little(shape, terms)


def _too_little(shape: Shape, terms: Terms) -> KnownError:
    least = slots_for(shape.least, shape.experts) if shape.experts else 0
    need = terms.fixed + least * shape.slot_bytes
    enough = f"{-(-need // 100_000_000) / 10:.1f}"  # rounded up: what is asked for must do
    return KnownError(
        f"This needs at least {_gb(need)} of memory and {_gb(max(terms.limit, 0))} may be used.",
        f"Allow {enough} GB (--memory {enough}GB), close other apps, or choose a smaller model.",
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 100_000_000 else f"{size / 1e6:.0f} MB"
