"""What the governor decides, whatever the memory does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.budget import governor
from engine.budget.footprint import RESERVE
from engine.budget.governor import BANKS_IDLE, CALM, DENSE_IDLE, SETTLE, Hold, Kept, held, hold, kept, limit, points
from engine.budget.plan import Terms, Wish, plan
from engine.budget.points import Shape, slots_for
from engine.budget.pressure import Reading, Thermal
from engine.messages import Mode, Pressure
from engine.routing.families import RouterShape

SLOT = 1_000_000
PLENTY = 1 << 40
NORMAL, WARN, CRITICAL = Pressure


def reading(at: float = 0.0, level: Pressure = NORMAL, available: int = PLENTY, **others) -> Reading:
    return Reading(at, level, available, **others)


def shape_of(experts: int = 64, k: int = 4, groups: int = 1) -> Shape:
    return Shape(experts, RouterShape(k, groups, max(1, groups // 2)), SLOT, 1000, 10_000)


@st.composite
def shapes(draw) -> Shape:
    groups = draw(st.sampled_from([1, 1, 2, 4, 8]))
    size = draw(st.integers(2, 32))
    k = draw(st.integers(1, max(1, groups // 2) * 2))
    return shape_of(max(groups * size, k), k, groups)


@st.composite
def granted(draw) -> tuple[Shape, int]:
    shape = draw(shapes())
    return shape, shape.router.legal(draw(st.integers(0, shape.experts)), shape.experts)


weather = st.lists(
    st.tuples(st.floats(0.01, 30), st.sampled_from(Pressure), st.integers(0, 1 << 36), st.booleans()), max_size=40
)


def storm(before: Hold, changes) -> list[tuple[Hold, Reading]]:
    told, now = [(before, reading(0.0))], 0.0
    for seconds, level, available, saving in changes:
        now += seconds
        at = reading(now, level, available, low_power=saving)
        told.append((held(told[-1][0], at, SLOT, may_grow=True), at))
    return told


# --- points ----------------------------------------------------------------------------------------------------


@given(granted())
def test_points_are_legal_ascending_and_end_with_what_was_granted(of):
    shape, count = of
    found = points(shape, count)
    assert found[0] == min(shape.router.legal(0, shape.experts), count)
    assert found[-1] == count
    assert list(found) == sorted(set(found))
    for one in found:
        assert shape.router.legal(one, shape.experts) == one  # at least the least, groups equally full


def test_a_dense_model_has_one_point():
    dense = Shape(0, RouterShape(1), 0, 0, 10)
    assert points(dense, 0) == (0,)
    assert held(hold(dense, 0), reading(1, CRITICAL), 0, may_grow=True).count == 0


# --- while answering -------------------------------------------------------------------------------------------


@given(granted(), weather)
def test_a_hold_is_always_one_of_its_points(of, changes):
    shape, count = of
    for now, _ in storm(hold(shape, count), changes):
        assert now.count in now.points
        assert shape.least <= now.count <= count or now.count == count


@given(granted(), weather)
def test_critical_leaves_the_least_at_once(of, changes):
    shape, count = of
    for now, at in storm(hold(shape, count), changes)[1:]:
        if at.level is CRITICAL:
            assert now.count == now.points[0]


@given(granted(), weather)
def test_a_warning_leaves_less_than_was_granted(of, changes):
    shape, count = of
    for now, at in storm(hold(shape, count), changes)[1:]:
        if at.level is WARN and len(now.points) > 1:
            assert now.count < count


@given(granted(), weather)
def test_nothing_grows_under_pressure_nor_soon_after_it_nor_into_the_reserve(of, changes):
    shape, count = of
    told = storm(hold(shape, count), changes)
    pressed = -float("inf")
    for (before, _), (after, at) in pairwise(told):
        if at.level is not NORMAL:
            pressed = at.at
        if after.count > before.count:
            assert at.at - pressed >= CALM
            assert after.count == before.points[before.points.index(before.count) + 1]
            assert at.available - (after.count - before.count) * SLOT >= RESERVE
            assert not at.low_power
            pressed = at.at  # the next step waits as long


@given(granted(), weather)
def test_a_long_calm_brings_back_all_that_was_granted(of, changes):
    shape, count = of
    now, at = storm(hold(shape, count), changes)[-1]
    for step in range(len(now.points) + 1):
        now = held(now, reading(at.at + 1 + step * CALM), SLOT, may_grow=True)
    assert now.count == count


def test_a_warning_that_goes_on_takes_another_step():
    first = held(hold(shape_of(), 32), reading(100, WARN), SLOT, may_grow=True)
    soon = held(first, reading(100 + SETTLE / 2, WARN), SLOT, may_grow=True)
    later = held(soon, reading(100 + SETTLE, WARN), SLOT, may_grow=True)
    assert [first.count, soon.count, later.count] == [24, 24, 16]


def test_a_prompt_does_not_grow():
    small = replace(hold(shape_of(), 32), count=16, calm=0.0)
    assert held(small, reading(1000), SLOT, may_grow=False).count == 16
    assert held(small, reading(1000), SLOT, may_grow=True).count == 24


def test_a_hot_machine_does_not_read_to_grow():
    small = replace(hold(shape_of(), 32), count=16, calm=0.0)
    assert held(small, reading(1000, thermal=Thermal.SERIOUS), SLOT, may_grow=True).count == 16
    assert held(small, reading(1000, thermal=Thermal.FAIR), SLOT, may_grow=True).count == 24


@given(granted(), st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_is_promised_follows_the_banks(of, base, rest):
    shape, count = of
    terms = Terms(base, rest, rest // 3, rest // 5, limit=1 << 50)
    whole = plan(shape, terms, Wish(Mode.EXACT, "auto", count))
    for fewer in points(shape, whole.resident):
        less = governor.resized(whole, shape, fewer)
        memory = less.memory
        assert less.resident == fewer
        assert memory.banks == slots_for(fewer, shape.experts) * shape.slot_bytes == less.slots * shape.slot_bytes
        assert memory.promised == memory.base + memory.dense + memory.banks + memory.kv + memory.activations
        assert memory.promised <= whole.memory.promised


# --- before ----------------------------------------------------------------------------------------------------


@given(st.one_of(st.none(), st.integers(1, PLENTY)), st.integers(-PLENTY, PLENTY), st.sampled_from(Pressure))
def test_the_limit_is_monotone_in_room_and_never_above_what_was_asked(asked, room, level):
    found = limit(asked, room, level)
    assert found >= 0
    assert found <= limit(asked, room + 1, level)
    assert asked is None or found <= asked
    if level is not NORMAL:
        assert found <= max(room, 0)


def test_what_the_person_allows_is_believed_until_memory_is_short():
    assert limit(6 * SLOT, 2 * SLOT, NORMAL) == 6 * SLOT
    assert limit(6 * SLOT, 2 * SLOT, WARN) == 2 * SLOT


# --- idle ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("idle", "stays"),
    [
        (0, Kept.ALL),
        (BANKS_IDLE - 1, Kept.ALL),
        (BANKS_IDLE, Kept.DENSE),
        (DENSE_IDLE - 1, Kept.DENSE),
        (DENSE_IDLE, Kept.NOTHING),
    ],
)
def test_first_the_banks_go_then_the_rest(idle, stays):
    assert kept(idle, reading())[0] is stays


@pytest.mark.parametrize(("level", "stays"), [(WARN, Kept.DENSE), (CRITICAL, Kept.NOTHING)])
def test_who_is_idle_while_memory_is_short_keeps_less_at_once(level, stays):
    assert kept(0, reading(level=level))[0] is stays


@pytest.mark.parametrize("sparing", [{"low_power": True}, {"thermal": Thermal.CRITICAL}])
def test_saving_energy_shortens_the_wait(sparing):
    assert kept(BANKS_IDLE / 2, reading(**sparing))[0] is Kept.DENSE
    assert kept(DENSE_IDLE / 2, reading(**sparing))[0] is Kept.NOTHING


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(Pressure), st.sampled_from(Pressure), st.booleans())
def test_more_pressure_or_a_longer_wait_keep_no_more(idle, longer, level, other, saving):
    mild, hard = sorted([level, other])
    stays, why = kept(idle, reading(level=mild, low_power=saving))
    assert kept(idle + longer, reading(level=hard, low_power=saving))[0] <= stays
    assert (why == "") == (stays is Kept.ALL)


# --- after another request -------------------------------------------------------------------------------------


@given(granted(), st.integers(0, 300), st.integers(0, 1 << 31))
def test_what_stays_is_legal_within_the_limit_and_less_than_was_there(of, present, limit_bytes):
    shape, count = of
    terms = Terms(0, 0, 0, 0, limit=max(limit_bytes, slots_for(count, shape.experts) * SLOT))
    alone = plan(shape, terms, Wish(Mode.EXACT, "auto", count))
    kept_plan = governor.keeping(alone, shape, min(present, shape.experts))
    now = kept_plan.resident
    assert now >= alone.resident
    assert shape.router.legal(now, shape.experts) == now
    assert kept_plan.memory.promised <= kept_plan.memory.limit
    if now > alone.resident:
        assert now < present
    else:
        assert kept_plan == alone


def test_one_point_less_stays_than_was_there():
    shape = shape_of()
    alone = plan(shape, Terms(0, 0, 0, 0, limit=1 << 50), Wish(Mode.EXACT, "auto", 8))
    assert governor.keeping(alone, shape, 32).resident == 24
    assert governor.keeping(alone, shape, 9).resident == 8


@given(granted(), st.integers(0, 80), st.integers(0, 80), weather)
def test_beside_a_recogniser_the_promise_stays_within_the_limit_whatever_comes(shape_and_count, speech, spare, changes):
    shape, count = shape_and_count
    banks = slots_for(count, shape.experts) * SLOT
    terms = Terms(base=10, dense=1, kv=1, activations=1, limit=banks + spare * SLOT + 13)
    before = plan(shape, terms, Wish(Mode.FAST, experts=count))
    shared = governor.sharing(before, speech * SLOT)
    beside = governor.beside(hold(shape, before.resident), shared, shape)
    if beside is None:
        fewest = points(shape, before.resident)[0]
        assert governor.resized(shared, shape, fewest).memory.promised > terms.limit
        return
    for one, _ in storm(beside, changes):
        memory = governor.resized(shared, shape, one.count).memory
        assert memory.promised <= memory.limit
        assert memory.speech == speech * SLOT
    if speech <= spare:
        assert beside.count == before.resident
    alone = governor.sharing(shared, 0)
    assert alone.memory == before.memory
