"""The table of points, and steps up in it: legal, equal groups, within memory, and always ending at exact."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.budget.plan import Terms, Wish, plan
from engine.budget.points import TIERS, Shape, about_tier, harder, nearest, points, tier_count
from engine.messages import Mode
from engine.routing.families import FAMILIES, RouterShape
from tests.budget.test_plan import DENSE, LARGE, PLENTY, SMALL, shapes, situations

_MANY = settings(max_examples=200, deadline=None)


def legal(shape: Shape) -> range:
    return range(shape.least, shape.experts + 1, shape.router.groups)


@given(shapes())
@_MANY
def test_every_point_is_legal_and_larger_than_the_one_before(shape):
    counts = [point.residents for point in points(shape)]
    assert counts == sorted(set(counts))
    assert set(counts) <= set(legal(shape))
    assert (counts[0], counts[-1]) == (shape.least, shape.experts)


@given(shapes())
@_MANY
def test_a_point_tells_what_is_multiplied_and_what_is_held(shape):
    k = shape.router.experts_per_token
    for point in points(shape):
        assert point.k == k
        assert point.active_parameters == shape.dense_parameters + k * shape.slot_parameters
        assert point.held_parameters == shape.dense_parameters + point.residents * shape.slot_parameters
        assert point.bytes == min(point.residents + 2, shape.experts) * shape.slot_bytes


@given(shapes(), st.floats(-10, 600))
@_MANY
def test_no_legal_number_is_nearer_than_the_nearest(shape, wanted):
    found = nearest(shape, wanted)
    assert abs(found - wanted) == min(abs(count - wanted) for count in legal(shape))


@given(shapes())
@_MANY
def test_every_tier_means_one_point_and_a_higher_one_no_smaller_point(shape):
    counts = [tier_count(shape, tier) for tier in TIERS]
    assert counts == sorted(counts)
    assert sorted(tier for point in points(shape) for tier in point.tiers) == list(TIERS)


@given(situations(), st.sampled_from(TIERS))
@_MANY
def test_a_tier_is_the_nearest_point_that_memory_holds(situation, tier):
    shape, terms = situation
    fitting = [c for c in legal(shape) if terms.fixed + min(c + 2, shape.experts) * shape.slot_bytes <= terms.limit]
    if not fitting:
        return
    wanted = tier_count(shape, tier)
    made = plan(shape, terms, Wish(budget=tier))
    assert made.resident == min(fitting, key=lambda count: abs(count - wanted))
    assert made.point is not None
    assert made.point.residents == made.resident


@given(situations(), st.sampled_from([Mode.FAST, Mode.BALANCED, Mode.EXACT]), st.sampled_from(["auto", *TIERS]))
@_MANY
def test_trying_harder_never_gives_less_never_breaks_the_promise_and_ends_at_exact(situation, mode, budget):
    shape, terms = situation
    if terms.fixed + min(shape.least + 2, shape.experts) * shape.slot_bytes > terms.limit:
        return
    steps = [plan(shape, terms, Wish(mode, budget, harder=times)) for times in range(12)]
    strictness = [(Mode.FAST, Mode.BALANCED, Mode.EXACT).index(made.mode) for made in steps]
    counts = [made.resident for made in steps]
    assert strictness == sorted(strictness)
    assert counts == sorted(counts)
    assert set(counts) <= set(legal(shape))
    assert all(made.memory.promised <= terms.limit for made in steps)
    assert steps[-1].mode is Mode.EXACT
    for before, after in pairwise(steps):
        at_the_top = before.mode is Mode.EXACT
        assert ((after.mode, after.resident) == (before.mode, before.resident)) == at_the_top


def test_the_table_of_a_large_model():
    found = points(LARGE)
    assert [point.residents for point in found] == [8, 11, 16, 32, 48, 64, 80, 96, 112, 128]
    assert [point.tiers for point in found[:3]] == [("1b", "2b", "3b"), ("4b",), ()]
    assert {point.active_parameters for point in found} == {1_540_000_000 + 8 * 48 * 4_718_592}


def test_a_dense_model_has_no_points():
    assert points(DENSE) == ()


def test_a_small_model_that_cannot_go_so_low_says_so():
    wide = replace(SMALL, router=RouterShape(8, family=FAMILIES["qwen3_moe"]))
    assert tier_count(wide, "1b") == 8
    assert about_tier(wide, "1b").endswith("8 are the fewest it works with.")
    assert "fewest" not in about_tier(wide, "2b")


@pytest.mark.parametrize(
    ("mode", "residents", "most", "after"),
    [
        (Mode.FAST, 16, 128, (Mode.BALANCED, 32)),
        (Mode.BALANCED, 64, 128, (Mode.BALANCED, 96)),
        (Mode.BALANCED, 96, 128, (Mode.BALANCED, 128)),
        (Mode.BALANCED, 128, 128, (Mode.EXACT, 128)),
        (Mode.BALANCED, 64, 90, (Mode.BALANCED, 90)),
        (Mode.BALANCED, 64, 70, (Mode.EXACT, 70)),
        (Mode.BALANCED, 64, 64, (Mode.EXACT, 64)),
        (Mode.EXACT, 64, 128, (Mode.EXACT, 64)),
    ],
)
def test_a_step_up(mode, residents, most, after):
    assert harder(LARGE, mode, residents, most) == after


def test_trying_harder_says_what_it_does():
    once, often = (plan(LARGE, PLENTY, Wish(harder=times)) for times in (1, 9))
    assert once.why == "Tried harder: 96 experts per layer instead of 64."
    assert "nothing harder to try" in often.why
    tight = Terms(PLENTY.base, PLENTY.dense, PLENTY.kv, PLENTY.activations, PLENTY.fixed + 66 * LARGE.slot_bytes)
    assert plan(LARGE, tight, Wish(harder=1)).why == "Tried harder: 64 experts per layer, exact instead of balanced."
