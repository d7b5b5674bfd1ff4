"""How much of what was granted a request keeps while memory gets short and free again. Pure: no clock, no sensors.

Also what an idle engine keeps, and how much a request may hold at all. Counts are resident experts per layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from math import inf

from engine.budget.footprint import RESERVE
from engine.budget.plan import Plan
from engine.budget.points import Shape, point, slots_for
from engine.budget.pressure import Reading
from engine.messages import Memory, Pressure

SETTLE = 5.0
"""Seconds after a step down before the next one at the same warning: the system needs some to notice what it got."""
CALM = 10.0
"""Seconds without pressure before a step up, and between two. Twice SETTLE, so that what grows does not swing back."""
BANKS_IDLE = 60.0
"""Seconds without a request until the banks are given back. An exact prefill reads most of its experts anew anyway,
so it is the quick next question for which they are kept."""
DENSE_IDLE = 360.0
"""Seconds until the rest is given back, five minutes later: reading the dense weights delays any first token."""
SPARING = 0.5
"""Both idle times are halved in low-power mode and when the machine is hot."""

_STEPS = 8
"""Points lie an eighth of the experts apart, as the tiers of a small model do."""


# --- before -----------------------------------------------------------------------------------------------


def limit(asked: int | None, room: int, level: Pressure) -> int:
    """Bytes the process may hold in all. room: what it holds and the system can give (footprint.room).

    A number the person gave is believed as long as the system is not short of memory: a Mac can press together what
    other apps leave idle, and only says so by its level.
    """
    if asked is None:
        return max(0, room)
    return asked if level is Pressure.NORMAL else min(asked, max(0, room))


def keeping(granted: Plan, shape: Shape, present: int) -> Plan:
    """The plan with more of what an earlier request left, if the limit allows: at most one point less than is here.

    What was needed a moment ago may be needed again, and serves meanwhile; with every easier request it fades by a
    point, so that a hard one is not paid for all day. present: residents that every layer has now.
    """
    if present <= granted.resident:
        return granted
    for count in reversed(points(shape, shape.router.legal(present, shape.experts))[:-1]):
        if count <= granted.resident:
            break
        larger = resized(granted, shape, count)
        if larger.memory.promised <= larger.memory.limit:
            return replace(larger, why=f"{larger.why} {count} stay of those an earlier request needed.")
    return granted


# --- while answering --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hold:
    """points: legal counts, ascending; the first is the least that works, the last was granted. count: one of them.

    shrunk: when it last stepped down; calm: since when nothing is short, or when it last stepped up. most: what fits
    beside a recogniser that shares the limit.
    """

    points: tuple[int, ...]
    count: int
    level: Pressure = Pressure.NORMAL
    shrunk: float = -inf
    calm: float = -inf
    most: float = inf


def points(shape: Shape, granted: int) -> tuple[int, ...]:
    """Where a request that was granted so many may go: legal counts, from the least that works to what was granted."""
    if shape.experts == 0:
        return (granted,)
    steps = {shape.router.legal(shape.experts * step // _STEPS, shape.experts) for step in range(_STEPS)}
    return (*sorted(count for count in steps if count < granted), granted)


def hold(shape: Shape, granted: int) -> Hold:
    return Hold(points(shape, granted), granted)


def held(before: Hold, reading: Reading, slot_bytes: int, *, may_grow: bool) -> Hold:
    """What to hold from now on.

    At a warning one point less, and another when it goes on; at critical the least. One point more when it has been
    calm, no energy is to be saved and the system has room for it beside the reserve.
    """
    level, now = reading.level, reading.at
    at = before.points.index(before.count)
    if level is Pressure.CRITICAL:
        return _moved(before, 0, level, now)
    if level is Pressure.WARN:
        down = at > 0 and now - before.shrunk >= SETTLE
        return _moved(before, at - 1 if down else at, level, now)
    calm = now if before.level is not Pressure.NORMAL else before.calm
    fits = at + 1 < len(before.points) and before.points[at + 1] <= before.most
    if fits and may_grow and not reading.sparing and now - calm >= CALM:
        more = before.points[at + 1] - before.count
        if reading.available - RESERVE >= more * slot_bytes:
            return replace(before, count=before.points[at + 1], level=level, calm=now)
    return replace(before, level=level, calm=calm)


def _moved(before: Hold, at: int, level: Pressure, now: float) -> Hold:
    count = before.points[at]
    return replace(before, count=count, level=level, shrunk=now if count < before.count else before.shrunk)


def beside(before: Hold, granted: Plan, shape: Shape) -> Hold | None:
    """What to hold when `granted` has to share its limit with a recogniser, which is one of its terms already.

    The banks shrink first; None: not even the fewest fit. When it takes less again they grow back as after pressure.
    """
    fitting = [n for n in before.points if (at := resized(granted, shape, n).memory).promised <= at.limit]
    if not fitting:
        return None
    return replace(before, count=min(before.count, fitting[-1]), most=fitting[-1])


def sharing(granted: Plan, speech: int) -> Plan:
    """The plan with so many bytes for recognisers."""
    memory = granted.memory
    shared = replace(memory, speech=speech, promised=memory.promised - memory.speech + speech)
    return replace(granted, memory=shared)


def why(before: Hold, after: Hold) -> str:
    """Of a change of the count, in words."""
    if after.count > before.count:
        return "Memory is free again."
    return "Memory is short." if after.level is Pressure.WARN else "Memory is very short."


def resized(granted: Plan, shape: Shape, count: int) -> Plan:
    """The plan with that many residents, and what it promises then."""
    slots = slots_for(count, shape.experts)
    banks = slots * shape.slot_bytes
    memory: Memory = replace(
        granted.memory, banks=banks, promised=granted.memory.promised - granted.memory.banks + banks
    )
    return replace(granted, resident=count, slots=slots, memory=memory, point=point(shape, count))


# --- idle -------------------------------------------------------------------------------------------------


class Kept(IntEnum):
    """By an engine that nobody asks anything."""

    NOTHING = 0
    DENSE = 1
    ALL = 2


def kept(idle: float, reading: Reading) -> tuple[Kept, str]:
    """What stays after so many idle seconds, and why not all. Who needs memory now goes before who may ask again."""
    share = SPARING if reading.sparing else 1.0
    if reading.level is Pressure.CRITICAL:
        return Kept.NOTHING, "memory is very short"
    if idle >= DENSE_IDLE * share:
        return Kept.NOTHING, f"nobody asked for {DENSE_IDLE * share / 60:g} minutes"
    if reading.level is Pressure.WARN:
        return Kept.DENSE, "memory is short"
    if idle >= BANKS_IDLE * share:
        return Kept.DENSE, f"nobody asked for {BANKS_IDLE * share:g} seconds"
    return Kept.ALL, ""
