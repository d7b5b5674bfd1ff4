"""From what a request asks for and what memory allows to one number: residents per layer. Pure.

The promise is computed before anything is read and has one term for everything that takes memory (docs/memory.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.budget.points import SPARES, TIERS, Point, Shape, about_tier, harder, point, slots_for, tier_count
from engine.budget.profile import Served
from engine.budget.standard import Standard, meet
from engine.errors import KnownError
from engine.messages import Memory, Mode

AUTO_SHARE = 0.5

Count = int | float | None
"""Experts asked for: a count when it is an int, a share of all when a float, None when the budget decides."""


@dataclass(frozen=True)
class Terms:
    """The promise's terms that do not depend on the residents, bytes."""

    base: int
    dense: int
    kv: int
    activations: int
    limit: int
    speech: int = 0

    @property
    def fixed(self) -> int:
        return self.base + self.dense + self.kv + self.activations + self.speech


@dataclass(frozen=True)
class Plan:
    """residents and slots per layer; 0 for a dense model, which has no point. harder: steps up that were taken.

    served: the mode, and who makes the set of a fast answer.
    """

    served: Served
    budget: str
    resident: int
    slots: int
    active_parameters: int
    memory: Memory
    why: str
    notes: tuple[str, ...] = ()
    point: Point | None = None
    harder: int = 0

    @property
    def mode(self) -> Mode:
        return self.served.mode


@dataclass(frozen=True)
class Wish:
    """What a request is to have, memory permitting.

    at_least: share of the experts below which a budget does not go. standard: how good it has to be, where the model
    was measured. harder: how many steps above all that the person wants it tried.
    """

    mode: Mode = Mode.AUTO
    budget: str = "auto"
    experts: Count = None
    at_least: float = 0.0
    standard: Standard | None = None
    harder: int = 0


def plan(shape: Shape, terms: Terms, wish: Wish) -> Plan:
    """What the request gets.

    Raises:
        KnownError: a count that cannot work, or memory that holds not even the least.
    """
    if wish.budget not in ("auto", *TIERS):
        raise KnownError(f"There is no budget {wish.budget}.", f"Choose auto, {', '.join(TIERS)}.")
    if shape.experts == 0:
        return _dense(shape, terms, wish)
    notes: list[str] = []
    served = Served(_mode(shape, wish.mode, notes))
    wanted, budget, why = _wanted(shape, wish)
    most = _fits(shape, terms)
    if most < shape.least:
        raise _too_little(shape, terms)
    if wish.standard is not None and shape.router.family is not None:
        met = meet(wish.standard, served.mode, wanted, most)
        budget, why = ("auto", met.size_why) if met.size_why else (budget, why)
        notes += [met.mode_why] if met.mode_why else []
        served, wanted = met.served, shape.router.legal(met.residents, shape.experts)
    resident = shape.router.legal(min(wanted, most), shape.experts)
    if resident < wanted:
        notes.append(f"{_gb(terms.limit)} of memory hold {resident} experts per layer, not {wanted}.")
    if wish.harder:
        served, resident, why = _harder(shape, served, resident, most, wish.harder)
    at, slots = point(shape, resident), slots_for(resident, shape.experts)
    memory = _memory(shape, terms, slots)
    return Plan(served, budget, resident, slots, at.active_parameters, memory, why, tuple(notes), at, wish.harder)


def _dense(shape: Shape, terms: Terms, wish: Wish) -> Plan:
    _check_fits(shape, terms, 0)
    why = _NO_HARDER if wish.harder else "The model has no experts to choose from: all of it is used."
    memory = _memory(shape, terms, 0)
    return Plan(Served(Mode.EXACT), wish.budget, 0, 0, shape.dense_parameters, memory, why, harder=wish.harder)


_NO_HARDER = "Every token has had all it wants: there is nothing harder to try with this model."


def _harder(shape: Shape, served: Served, resident: int, most: int, times: int) -> tuple[Served, int, str]:
    before, begun, moved = resident, served.mode, False
    mode = begun
    for _ in range(times):
        moved = (mode, resident) != (step := harder(shape, mode, resident, most))
        mode, resident = step
    if not moved:
        return served._replace(mode=mode), resident, _NO_HARDER
    grown = f"{resident} experts per layer instead of {before}" if resident > before else f"{before} experts per layer"
    stricter = f", {mode} instead of {begun}" if mode is not begun else ""
    return served._replace(mode=mode), resident, f"Tried harder: {grown}{stricter}."


def _mode(shape: Shape, mode: Mode, notes: list[str]) -> Mode:
    if shape.router.family is None:
        if mode in (Mode.FAST, Mode.BALANCED):
            notes.append("This model family runs exact only.")
        return Mode.EXACT
    return Mode.BALANCED if mode is Mode.AUTO else mode


def _wanted(shape: Shape, wish: Wish) -> tuple[int, str, str]:
    """Residents, the budget they stand for, and why."""
    budget = wish.budget
    if wish.experts is not None:
        count, why = _asked(shape, wish.experts)
        return count, budget, why
    if budget == "auto":
        return _share(shape, AUTO_SHARE), budget, "Half of the experts, as far as memory allows."
    count, enough = tier_count(shape, budget), _share(shape, wish.at_least)
    if enough > count:
        why = f"The model is not known to do with {count} experts per layer: {wish.at_least:.0%}, not {budget}."
        return enough, "auto", why
    return count, budget, about_tier(shape, budget)


def _asked(shape: Shape, experts: float) -> tuple[int, str]:
    E = shape.experts
    if isinstance(experts, int):
        if not shape.least <= experts <= E:
            raise KnownError(
                f"{experts} experts per layer cannot work: this model takes {shape.least} to {E}.",
                f"Ask for a number from {shape.least} to {E}.",
            )
        return shape.router.legal(experts, E), f"{experts} experts per layer were asked for."
    if not 0 < experts <= 1:
        raise KnownError("A share of the experts lies between 0 and 1.", "Ask for example for 25%.")
    return _share(shape, experts), f"{experts:.0%} of the experts were asked for."


def _share(shape: Shape, share: float) -> int:
    return shape.router.legal(round(share * shape.experts), shape.experts)


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
        speech=terms.speech,
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
