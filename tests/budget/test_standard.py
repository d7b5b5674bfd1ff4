"""What a measured profile makes of a wish: more experts, a stricter mode, or a word of what a pin costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.budget.plan import Terms, Wish, plan
from engine.budget.points import TIERS, Shape
from engine.budget.profile import Line, Profile, Served
from engine.budget.standard import Standard, meet
from engine.messages import Mode
from tests.budget.test_plan import LARGE, PLENTY, situations

_MANY = settings(max_examples=300, deadline=None)
CURVE = {8: 0.5, 16: 0.2, 32: 0.06, 64: 0.02, 96: 0.005}
MILDER = {8: 0.10, 16: 0.04, 32: 0.02, 64: 0.01, 96: 0.002}


def line(mode: Mode, residents: int, loss: float, error: float = 0.0, read: float = 0.0) -> Line:
    return Line(mode, "prefill", residents, 3 * (1 + loss), loss, error, 1 - loss, read)


def profile(fast=CURVE, balanced=MILDER, experts: int = 128, extra: tuple[Line, ...] = ()) -> Profile:
    lines = [line(Mode.FAST, *point) for point in fast.items()] + [line(Mode.BALANCED, *p) for p in balanced.items()]
    return Profile(experts, "a text", 16, 5000, 3.0, (*lines, *extra))


def free(most_lost: float = 0.03, **changes) -> Standard:
    return replace(Standard(profile(), most_lost, free_mode=True, free_size=True), **changes)


# --- the curves ----------------------------------------------------------------------------------------------


def test_a_count_that_was_not_measured_is_as_good_as_the_next_smaller_one():
    assert profile().loss(Served(Mode.FAST), 40) == 0.06
    assert profile().loss(Served(Mode.FAST), 7) == float("inf")
    assert profile().loss(Served(Mode.FAST), 128) == 0.0
    assert profile().loss(Served(Mode.EXACT), 1) == 0.0


def test_noise_that_makes_fewer_look_better_than_more_is_not_believed():
    noisy = profile({8: 0.01, 16: 0.2, 32: 0.0})
    assert noisy.loss(Served(Mode.FAST), 8) == 0.2
    assert noisy.fewest(Served(Mode.FAST), 0.05) == 32


def test_a_standard_error_is_feared():
    unsure = profile({}, extra=(line(Mode.FAST, 32, 0.02, error=0.02),))
    assert unsure.fewest(Served(Mode.FAST), 0.03) == 128
    assert unsure.fewest(Served(Mode.FAST), 0.04) == 32


def test_with_a_predictor_fast_is_what_it_picks():
    predicted = Line(Mode.FAST, "predictor", 8, 3.0, 0.01, 0.0, 0.99, 0.0)
    assert profile(extra=(predicted,)).fewest(Served(Mode.FAST), 0.01) == 8


# --- one choice -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "wanted", "most", "after"),
    [
        (Mode.FAST, 8, 128, (Mode.FAST, 64)),  # more experts keep it fast
        (Mode.FAST, 96, 128, (Mode.FAST, 96)),  # enough already
        (Mode.FAST, 8, 40, (Mode.BALANCED, 32)),  # memory does not hold what fast needs
        (Mode.BALANCED, 8, 40, (Mode.BALANCED, 32)),
        (Mode.FAST, 8, 20, (Mode.EXACT, 64)),  # nor what balanced needs: exact, and half held if memory allows
        (Mode.EXACT, 8, 20, (Mode.EXACT, 8)),
        (Mode.BALANCED, 64, 128, (Mode.FAST, 64)),  # as good without reading anything for a token
        (Mode.BALANCED, 63, 128, (Mode.BALANCED, 63)),
    ],
)
def test_the_standard_is_kept_with_the_least_change(mode, wanted, most, after):
    met = meet(free(), mode, wanted, most)
    assert (met.served.mode, met.residents) == after
    assert bool(met.mode_why) == (met.served.mode not in (mode, Mode.FAST))


PICKED = tuple(Line(Mode.FAST, "predictor", n, 3.0, loss, 0.0, 0.9, 0.0) for n, loss in ((16, 0.25), (64, 0.025)))


@pytest.mark.parametrize(
    ("mode", "wanted", "most", "after"),
    [
        (Mode.FAST, 8, 128, (Mode.FAST, "predictor", 64)),
        (Mode.FAST, 8, 40, (Mode.FAST, "prefill", 32)),  # who picks better needs fewer
        (Mode.BALANCED, 32, 40, (Mode.FAST, "prefill", 32)),  # better than to take tokens again
        (Mode.BALANCED, 64, 128, (Mode.FAST, "predictor", 64)),
        (Mode.FAST, 8, 20, (Mode.BALANCED, "predictor", 16)),
    ],
)
def test_where_a_predictor_picks_too_badly_the_routers_choose(mode, wanted, most, after):
    better = profile({16: 0.2, 32: 0.03, 64: 0.02}, {16: 0.03}, extra=PICKED)
    met = meet(free(profile=better), mode, wanted, most)
    assert (*met.served, met.residents) == after


def test_it_says_that_the_predictor_was_not_good_enough():
    better = profile({32: 0.03}, extra=PICKED)
    met = meet(free(profile=better, free_mode=False), Mode.FAST, 8, 40)
    assert met.served == Served(Mode.FAST, "prefill")
    assert met.mode_why.endswith("(40 experts per layer) what the predictor picks would lose too much.")


def test_a_pinned_size_stays_and_the_mode_gives_way():
    met = meet(free(free_size=False), Mode.FAST, 32, 128)
    assert (met.served.mode, met.residents) == (Mode.BALANCED, 32)
    assert met.mode_why == "Measured: with 32 experts per layer fast would lose too much."


def test_a_pinned_mode_is_not_made_fast():
    assert meet(free(free_mode=False), Mode.BALANCED, 64, 128).served.mode is Mode.BALANCED


def test_a_pinned_mode_stays_with_what_it_needs_or_a_word_of_what_it_costs():
    assert meet(free(free_mode=False), Mode.FAST, 8, 128).residents == 64
    short = meet(free(free_mode=False), Mode.FAST, 8, 20)
    assert short.served.mode is Mode.FAST
    assert short.mode_why == "Measured: fast loses 20% with 20 experts per layer."


def test_what_is_pinned_whole_stays_whole():
    met = meet(free(free_mode=False, free_size=False), Mode.FAST, 8, 128)
    assert (met.served.mode, met.residents) == (Mode.FAST, 8)
    assert "loses 50%" in met.mode_why


# --- in a plan ------------------------------------------------------------------------------------------------


def test_the_plan_says_why_it_holds_more_than_the_tier():
    made = plan(LARGE, PLENTY, Wish(Mode.BALANCED, "1b", standard=free()))
    assert (made.mode, made.resident, made.budget) == (Mode.BALANCED, 32, "auto")
    assert made.why == "Measured: balanced loses over 3% with 8 experts per layer."


def test_where_memory_holds_too_little_the_plan_is_exact_and_says_why():
    tight = replace(PLENTY, limit=PLENTY.fixed + 14 * LARGE.slot_bytes)
    made = plan(LARGE, tight, Wish(Mode.FAST, "1b", standard=free()))
    assert (made.mode, made.resident) == (Mode.EXACT, 12)
    assert made.notes[0] == (
        "Measured: with what memory holds (12 experts per layer) fast and balanced would lose too much."
    )


@st.composite
def standards(draw, shape: Shape):
    """Measured at legal counts, as calibrate does; in any order of losses, as noise may have it."""
    legal = range(shape.least, shape.experts + 1, shape.router.groups)
    counts = st.lists(st.sampled_from(legal), unique=True, min_size=1, max_size=6)
    losses = st.floats(-0.01, 0.5)
    picked = [
        replace(line(Mode.FAST, count, draw(losses)), selector="predictor") for count in draw(st.just([]) | counts)
    ]
    lines = picked + [
        line(mode, count, draw(losses) if mode is not Mode.EXACT else 0.0, draw(st.floats(0, 0.05)), draw(losses))
        for mode in (Mode.FAST, Mode.BALANCED, Mode.EXACT)
        for count in draw(counts)
    ]
    found = Profile(shape.experts, "a text", 4, 100, 3.0, tuple(lines))
    return Standard(found, draw(st.floats(0, 0.2)), draw(st.booleans()), draw(st.booleans()))


@st.composite
def measured(draw):
    shape, terms = draw(situations())
    mode = draw(st.sampled_from([Mode.FAST, Mode.BALANCED, Mode.EXACT]))
    return shape, terms, Wish(mode, draw(st.sampled_from(TIERS)), standard=draw(standards(shape)))


def _fits(shape: Shape, terms: Terms) -> bool:
    return terms.fixed + min(shape.least + 2, shape.experts) * shape.slot_bytes <= terms.limit


@given(measured(), st.integers(0, 10**10))
@_MANY
def test_a_measured_plan_keeps_the_promise_is_legal_and_grows_with_memory(case, more):
    shape, terms, wish = case
    if not _fits(shape, terms):
        return
    made, larger = plan(shape, terms, wish), plan(shape, replace(terms, limit=terms.limit + more), wish)
    assert made.memory.promised <= terms.limit
    assert shape.least <= made.resident <= shape.experts
    assert made.resident % shape.router.groups == 0
    assert larger.resident >= made.resident


@given(measured())
@_MANY
def test_a_measured_plan_never_gives_a_higher_tier_less(case):
    shape, terms, wish = case
    if not _fits(shape, terms):
        return
    counts = [plan(shape, terms, replace(wish, budget=tier)).resident for tier in TIERS]
    assert counts == sorted(counts)


@given(measured())
@_MANY
def test_what_is_left_to_cadre_keeps_the_standard(case):
    shape, terms, wish = case
    if not _fits(shape, terms) or shape.router.family is None:
        return
    assert wish.standard is not None
    made = plan(shape, terms, replace(wish, standard=replace(wish.standard, free_mode=True)))
    assert wish.standard.profile.loss(made.served, made.resident) <= wish.standard.most_lost
