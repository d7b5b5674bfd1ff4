"""From a request and a limit to residents per layer: within the promise, legal, and refused with what would do."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.budget.plan import Plan, Terms, Wish, plan
from engine.budget.points import TIERS, Shape, slots_for
from engine.errors import KnownError
from engine.messages import Mode
from engine.routing.families import FAMILIES, RouterShape

GB = 1_000_000_000
FAMILY = FAMILIES["qwen3_moe"]

# Like Qwen3-30B-A3B at 4 bits: 48 layers of 128 experts, 8 for a token.
LARGE = Shape(
    experts=128,
    router=RouterShape(8, family=FAMILY),
    slot_bytes=48 * 2_654_208,
    slot_parameters=48 * 4_718_592,
    dense_parameters=1_540_000_000,
)
SMALL = Shape(32, RouterShape(4, family=FAMILY), slot_bytes=400_000, slot_parameters=800_000, dense_parameters=300_000)
DENSE = Shape(0, RouterShape(1), slot_bytes=0, slot_parameters=0, dense_parameters=500_000_000)
PLENTY = Terms(base=150_000_000, dense=GB, kv=50_000_000, activations=400_000_000, limit=64 * GB)


@st.composite
def shapes(draw):
    groups = draw(st.sampled_from([1, 1, 2, 4, 8]))
    size = draw(st.integers(2, 32))
    kept = draw(st.integers(1, groups))
    k = draw(st.integers(1, min(kept * size, 16)))
    return Shape(
        experts=groups * size,
        router=RouterShape(k, groups, kept, draw(st.sampled_from([FAMILY, None]))),
        slot_bytes=draw(st.integers(1, 10**8)),
        slot_parameters=draw(st.integers(1, 10**9)),
        dense_parameters=draw(st.integers(0, 4 * 10**9)),
    )


@st.composite
def situations(draw):
    """A model and terms; the limit is often one that holds some of the experts."""
    shape = draw(shapes())
    base, dense, kv, passing = (draw(st.integers(0, 2 * 10**9)) for _ in range(4))
    fixed = Terms(base, dense, kv, passing, 0)
    slots = draw(st.integers(0, shape.experts + 3))
    limit = draw(st.one_of(st.just(fixed.fixed + slots * shape.slot_bytes), st.integers(0, 10**10)))
    return shape, replace(fixed, limit=max(0, limit + draw(st.integers(-1, 1))))


@st.composite
def wishes(draw):
    experts = draw(
        st.one_of(st.none(), st.integers(-2, 300), st.floats(-0.5, 1.5), st.sampled_from([0.0, 1.0, float("nan")]))
    )
    mode, budget = draw(st.sampled_from(list(Mode))), draw(st.sampled_from(["auto", *TIERS, "9b"]))
    return Wish(mode, budget, experts, at_least=draw(st.sampled_from([0.0, 0.0, 0.5])))


def planned(shape: Shape, given_terms: Terms, wish: Wish) -> Plan | None:
    """None when it is refused, with a sentence and a next step."""
    try:
        return plan(shape, given_terms, wish)
    except KnownError as refusal:
        sentences = (refusal.sentence, refusal.next_step)
    assert all(sentence.endswith(".") for sentence in sentences)
    return None


_MANY = settings(max_examples=300, deadline=None)


@given(situations(), wishes())
@_MANY
def test_the_promise_never_exceeds_the_limit_and_is_the_sum_of_its_terms(situation, wish):
    shape, given_terms = situation
    made = planned(shape, given_terms, wish)
    if made is None:
        return
    m = made.memory
    assert m.promised <= m.limit == given_terms.limit
    assert m.promised == m.base + m.dense + m.banks + m.kv + m.activations
    assert m.banks == made.slots * shape.slot_bytes


@given(situations(), wishes())
@_MANY
def test_residents_are_a_number_the_routing_works_with(situation, wish):
    shape, given_terms = situation
    made = planned(shape, given_terms, wish)
    if made is None:
        return
    assert shape.least <= made.resident <= made.slots <= shape.experts
    assert made.resident % shape.router.groups == 0
    assert made.slots == min(made.resident + 2, shape.experts)
    k = shape.router.experts_per_token
    assert made.active_parameters == shape.dense_parameters + k * shape.slot_parameters
    assert made.mode is not Mode.AUTO
    assert made.mode is Mode.EXACT or shape.router.family is not None
    assert made.why


@given(situations(), wishes(), st.integers(0, 10**10))
@_MANY
def test_more_memory_never_gives_fewer(situation, wish, more):
    shape, given_terms = situation
    less = planned(shape, given_terms, wish)
    larger = planned(shape, replace(given_terms, limit=given_terms.limit + more), wish)
    if less is None:
        return
    assert larger is not None
    assert larger.resident >= less.resident


@given(situations(), wishes())
@_MANY
def test_only_memory_gives_fewer_than_were_asked_for_and_it_is_said(situation, wish):
    shape, given_terms = situation
    made = planned(shape, given_terms, wish)
    free = planned(shape, replace(given_terms, limit=10**13), wish)
    if made is None:
        return
    assert free is not None
    assert made.resident <= free.resident
    assert (made.resident < free.resident) == any("of memory hold" in note for note in made.notes)


@given(situations())
@_MANY
def test_what_a_refusal_asks_for_is_enough(situation):
    shape, given_terms = situation
    tight = replace(given_terms, limit=min(given_terms.limit, given_terms.fixed))
    with pytest.raises(KnownError) as refusal:
        plan(shape, tight, Wish())
    found = re.search(r"--memory ([\d.]+)GB", refusal.value.next_step)
    assert found
    allowed = replace(tight, limit=round(float(found[1]) * GB))
    assert plan(shape, allowed, Wish()).resident >= shape.least


@given(situations())
@_MANY
def test_it_is_refused_only_when_the_least_does_not_fit(situation):
    shape, given_terms = situation
    least = given_terms.fixed + slots_for(shape.least, shape.experts) * shape.slot_bytes
    assert (planned(shape, given_terms, Wish()) is None) == (least > given_terms.limit)


@given(situations())
@_MANY
def test_a_higher_tier_never_gives_fewer(situation):
    shape, given_terms = situation
    counts = [made.resident for tier in TIERS if (made := planned(shape, given_terms, Wish(budget=tier)))]
    assert counts == sorted(counts)


@given(shapes(), st.integers(1, 300))
@_MANY
def test_a_count_is_kept_as_far_as_groups_allow(shape, count):
    unlimited = replace(PLENTY, limit=10**13)
    made = planned(shape, unlimited, Wish(budget="1b", experts=count))
    if not shape.least <= count <= shape.experts:
        assert made is None
        return
    assert made is not None
    assert 0 <= count - made.resident < shape.router.groups


def test_a_tier_holds_that_many_parameters_in_memory():
    for tier in ("2b", "3b", "4b"):
        made = plan(LARGE, PLENTY, Wish(budget=tier))
        held = LARGE.dense_parameters + made.resident * LARGE.slot_parameters
        if made.resident > LARGE.least:
            assert abs(held - int(tier[0]) * GB) <= LARGE.slot_parameters
            assert tier in made.why


def test_a_tier_out_of_reach_is_named_and_the_nearest_taken():
    made = plan(LARGE, PLENTY, Wish(budget="1b"))
    assert made.resident == LARGE.least
    assert "cannot reach 1b" in made.why


def test_tiers_of_a_small_model_are_shares():
    counts = [plan(SMALL, PLENTY, Wish(budget=tier)).resident for tier in TIERS]
    assert counts == [4, 8, 12, 16]
    assert "12% of its experts" in plan(SMALL, PLENTY, Wish(budget="1b")).why


@pytest.mark.parametrize(("tier", "resident", "budget"), [("1b", 64, "auto"), ("4b", 64, "auto")])
def test_a_budget_does_not_go_below_the_share_that_is_needed(tier, resident, budget):
    made = plan(LARGE, PLENTY, Wish(budget=tier, at_least=0.5))

    assert (made.resident, made.budget) == (resident, budget)
    assert "is not known to do with" in made.why


def test_a_count_that_was_asked_for_may_go_below_the_share():
    assert plan(LARGE, PLENTY, Wish(budget="1b", experts=8, at_least=0.5)).resident == 8


def test_what_is_needed_still_has_to_fit():
    tight = replace(PLENTY, limit=PLENTY.fixed + 22 * LARGE.slot_bytes)

    assert plan(LARGE, tight, Wish(budget="1b", at_least=0.5)).resident == 20


def test_auto_is_half_of_the_experts_as_far_as_memory_allows():
    assert plan(LARGE, PLENTY, Wish()).resident == 64
    tight = replace(PLENTY, limit=PLENTY.fixed + 22 * LARGE.slot_bytes)
    made = plan(LARGE, tight, Wish())
    assert (made.resident, made.slots) == (20, 22)
    assert any("hold 20 experts per layer, not 64" in note for note in made.notes)


def test_all_residents_need_no_spares():
    made = plan(LARGE, replace(PLENTY, limit=PLENTY.fixed + 128 * LARGE.slot_bytes), Wish(experts=1.0))
    assert made.resident == made.slots == 128


@pytest.mark.parametrize(("share", "count"), [(0.25, 32), (1.0, 128), (0.001, 8), (0.5, 64)])
def test_a_share_of_the_experts(share, count):
    assert plan(LARGE, PLENTY, Wish(experts=share)).resident == count


@pytest.mark.parametrize(
    ("experts", "sentence"),
    [
        (7, "7 experts per layer cannot work: this model takes 8 to 128."),
        (129, "129 experts per layer cannot work: this model takes 8 to 128."),
        (0, "0 experts per layer cannot work: this model takes 8 to 128."),
        (0.0, "A share of the experts lies between 0 and 1."),
        (1.01, "A share of the experts lies between 0 and 1."),
        (float("nan"), "A share of the experts lies between 0 and 1."),
        (float("inf"), "A share of the experts lies between 0 and 1."),
    ],
)
def test_numbers_that_cannot_work_are_refused(experts, sentence):
    with pytest.raises(KnownError) as error:
        plan(LARGE, PLENTY, Wish(experts=experts))
    assert error.value.sentence == sentence
    assert error.value.next_step


@pytest.mark.parametrize("shape", [LARGE, SMALL, DENSE], ids=["large", "small", "dense"])
def test_an_unknown_budget_is_refused(shape):
    with pytest.raises(KnownError, match="There is no budget huge") as error:
        plan(shape, PLENTY, Wish(budget="huge"))
    assert "1b, 2b, 3b, 4b" in error.value.next_step


def test_experts_beat_the_budget():
    assert plan(LARGE, PLENTY, Wish(budget="4b", experts=9)).resident == 9


def test_groups_are_kept_equal():
    grouped = replace(LARGE, router=RouterShape(8, 8, 4, FAMILY))
    assert grouped.least == 16
    assert plan(grouped, PLENTY, Wish(experts=27)).resident == 24


@pytest.mark.parametrize(
    ("asked", "given_mode"),
    [
        (Mode.AUTO, Mode.BALANCED),
        (Mode.FAST, Mode.FAST),
        (Mode.BALANCED, Mode.BALANCED),
        (Mode.EXACT, Mode.EXACT),
    ],
)
def test_modes(asked, given_mode):
    assert plan(LARGE, PLENTY, Wish(asked)).mode is given_mode


@pytest.mark.parametrize("asked", list(Mode))
def test_a_family_without_an_adapter_runs_exact_and_says_so(asked):
    made = plan(replace(LARGE, router=RouterShape(8)), PLENTY, Wish(asked))
    assert made.mode is Mode.EXACT
    assert bool(made.notes) == (asked in (Mode.FAST, Mode.BALANCED))


def test_a_dense_model_uses_all_of_itself():
    made = plan(DENSE, PLENTY, Wish(Mode.FAST, budget="2b"))
    assert (made.mode, made.resident, made.slots, made.memory.banks) == (Mode.EXACT, 0, 0, 0)
    assert made.active_parameters == DENSE.dense_parameters
    assert made.memory.promised == PLENTY.fixed


def test_a_dense_model_that_does_not_fit_is_refused():
    with pytest.raises(KnownError, match="needs at least"):
        plan(DENSE, replace(PLENTY, limit=PLENTY.fixed - 1), Wish())
