"""Which experts stay: what is wanted is there, what is to be kept is kept, groups stay equal, no slot is lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.errors import KnownError
from engine.experts.residency import LOYALTY, MOST_KEPT, Residency, loyal, loyalty
from tests.experts.disk import FAULTS, ByteBank, FaultyDisk, assert_right, write_model

EXPERTS, SIZE = 12, 3  # with groups: four of three experts each
GROUPS = EXPERTS // SIZE


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("residency") / "model", EXPERTS)


@pytest.fixture(scope="module")
def loader(model):
    loader, files = model.loader()
    yield loader
    loader.close()
    files.close()


def residency_of(model, loader, slots, groups=1, resident=(), heat=None) -> Residency:
    """One of plain byte banks; the first layer has these experts and heat."""
    banks = [ByteBank(layer, slots) for layer in model.layers]
    residency = Residency(banks, loader, groups)  # type: ignore[arg-type]
    if resident:
        residency.start(0, list(resident)).wait()
    if heat is not None:
        residency.heat[0] = heat
    return residency


_EXPERT_SETS = st.sets(st.integers(0, EXPERTS - 1))
_HEAT = st.lists(st.floats(0, 100, width=32), min_size=EXPERTS, max_size=EXPERTS).map(
    lambda values: np.array(values, np.float32)
)
_QUICK = settings(max_examples=80, deadline=None)


def _some(draw, most):
    return draw(st.sets(st.integers(0, EXPERTS - 1), max_size=most))


@st.composite
def _states(draw):
    slots = draw(st.integers(1, EXPERTS))
    return slots, _some(draw, slots), draw(_HEAT)


# --- what moves -----------------------------------------------------------------------------------------------


@given(_states(), _EXPERT_SETS, st.integers(0, EXPERTS))
@_QUICK
def test_room_is_made_by_the_coldest_that_need_not_stay(model, loader, state, keep, count):
    slots, resident, heat = state
    residency = residency_of(model, loader, slots, resident=resident, heat=heat)
    table = residency.banks[0].table
    assert residency.room(0, keep) == slots - len(resident & keep)
    possible = count <= residency.room(0, keep)

    if not possible:
        with pytest.raises(KnownError, match="needed at once"):
            residency.make_room(0, count, keep)
        assert set(table.resident().tolist()) == resident
        return
    residency.make_room(0, count, keep)

    left = set(table.resident().tolist())
    gone = resident - left
    assert resident & keep <= left
    assert table.free >= count
    assert not gone or table.free == count  # never more than needed
    assert all(heat[g] <= heat[s] for g in gone for s in left - keep)
    assert residency.traffic.evicted == len(gone)


@given(_states(), _EXPERT_SETS, _EXPERT_SETS)
@_QUICK
def test_what_is_fetched_is_there_with_its_own_bytes_and_what_is_kept_too(model, loader, state, wanted, keep):
    slots, resident, heat = state
    assume(len(wanted | (keep & resident)) <= slots)
    residency = residency_of(model, loader, slots, resident=resident, heat=heat)
    residency.begin()
    bank = residency.banks[0]

    batch = residency.fetch(0, wanted, keep)
    if batch is not None:
        batch.wait()

    here = set(bank.table.resident().tolist())
    assert wanted | (keep & resident) <= here
    assert here <= wanted | resident
    assert_right(bank, here)
    assert residency.traffic.read == len(wanted - resident)
    assert residency.traffic.bytes_read == len(wanted - resident) * bank.layer.expert_bytes
    assert residency.traffic.bytes_kept == len(wanted & resident) * bank.layer.expert_bytes
    assert (batch is None) == (wanted <= resident)


def test_more_than_fits_is_refused_and_nothing_moves(model, loader):
    residency = residency_of(model, loader, 4, resident=(0, 1, 2))
    with pytest.raises(KnownError) as error:
        residency.fetch(0, range(5))
    assert error.value.next_step
    assert_right(residency.banks[0], [0, 1, 2])


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_read_that_fails_leaves_what_was_kept_and_no_slot_taken(model, fault):
    for nth in range(1, 8):
        loader, files = model.loader(FaultyDisk(most=5000, at=nth, fault=FAULTS[fault]))
        residency = residency_of(model, loader, 4)
        batch = residency.fetch(0, [3, 7])
        assert batch is not None
        with pytest.raises(KnownError):
            batch.wait()
        assert_right(residency.banks[0], [])

        again = residency.fetch(0, [3, 7, 9, 11])
        assert again is not None
        again.wait()
        assert_right(residency.banks[0], [3, 7, 9, 11])
        loader.close()
        files.close()


@given(_states(), st.integers(1, EXPERTS))
@_QUICK
def test_settling_keeps_the_hottest(model, loader, state, count):
    slots, resident, heat = state
    assume(count <= slots)
    residency = residency_of(model, loader, slots, resident=resident, heat=heat)

    assert residency.settle(0, count) is None  # without groups there is nothing to read

    left = set(residency.banks[0].table.resident().tolist())
    assert left <= resident
    assert len(left) == min(count, len(resident))
    assert all(heat[g] <= heat[s] for g in resident - left for s in left)
    assert_right(residency.banks[0], left)


@given(_EXPERT_SETS, _HEAT, st.sampled_from([4, 8, 12]))
@_QUICK
def test_settling_with_groups_ends_with_equally_many_in_each(model, loader, resident, heat, count):
    residency = residency_of(model, loader, EXPERTS, GROUPS, resident, heat)

    batch = residency.settle(0, count)
    if batch is not None:
        batch.wait()

    left = residency.banks[0].table.resident()
    assert np.bincount(left // SIZE, minlength=GROUPS).tolist() == [count // GROUPS] * GROUPS
    for group in range(GROUPS):  # what was there stays before anything is read
        there = {e for e in resident if e // SIZE == group}
        stayed = there & set(left.tolist())
        assert len(stayed) == min(len(there), count // GROUPS)
    assert_right(residency.banks[0], left.tolist())


def test_settling_with_groups_works_in_a_bank_without_a_free_slot(model, loader):
    resident = (0, 1, 2, 3, 4, 5)  # groups 0 and 1 are full, 2 and 3 are empty
    residency = residency_of(model, loader, 6, GROUPS, resident)

    batch = residency.settle(0, 4)
    assert batch is not None
    batch.wait()

    assert sorted(residency.banks[0].table.resident() // SIZE) == [0, 1, 2, 3]


# --- what is best ---------------------------------------------------------------------------------------------


@given(_HEAT, _HEAT, st.integers(0, EXPERTS), st.integers(0, EXPERTS))
@_QUICK
def test_a_smaller_set_is_the_beginning_of_a_larger_one(model, loader, wishes, prior, one, other):
    residency = residency_of(model, loader, 1)
    residency.prior[0] = prior
    residency.begin()
    ranking = residency.ranking(0, wishes)

    small, large = sorted((one, other))
    assert residency.best(ranking, large)[:small] == residency.best(ranking, small)
    assert sorted(ranking) == list(range(EXPERTS))
    assert len(residency.best(ranking, large)) == large


@given(_HEAT, st.integers(0, GROUPS), st.integers(0, GROUPS))
@_QUICK
def test_with_groups_a_smaller_set_is_part_of_a_larger_one_and_all_groups_are_equal(model, loader, wishes, one, other):
    residency = residency_of(model, loader, 1, GROUPS)
    ranking = residency.ranking(0, wishes)

    small, large = (residency.best(ranking, each * GROUPS) for each in sorted((min(one, SIZE), min(other, SIZE))))
    assert set(small) <= set(large)
    for chosen in (small, large):
        counts = np.bincount(np.array(chosen, int) // SIZE, minlength=GROUPS)
        assert len(set(counts.tolist())) == 1


@given(_HEAT, st.integers(0, EXPERTS), st.sets(st.integers(0, EXPERTS - 1)), st.sampled_from((0.0, 0.1, 1.0)))
@_QUICK
def test_whoever_stays_no_group_has_more_than_its_share(model, loader, wishes, count, here, slack):
    residency = residency_of(model, loader, EXPERTS, GROUPS, here)
    use = residency.begin()
    use.slack = slack

    chosen = residency.choose(0, residency.ranking(0, wishes), count)
    shares = np.bincount(np.array(chosen, int) // SIZE, minlength=GROUPS)
    assert len(chosen) == len(set(chosen)) == count
    assert shares.max() - shares.min() <= (count % GROUPS > 0)


def test_wishes_decide_and_the_prior_breaks_the_tie(model, loader):
    residency = residency_of(model, loader, 1)
    residency.prior[0, 7] = 1000
    residency.begin()
    wishes = np.zeros(EXPERTS, np.float32)
    wishes[3] = 40  # more tokens than the prior stands for

    assert residency.ranking(0, wishes)[:2].tolist() == [3, 7]
    wishes[3] = 10
    assert residency.ranking(0, wishes)[:2].tolist() == [7, 3]


def test_a_request_ranks_by_what_was_popular_before_it(model, loader):
    residency = residency_of(model, loader, 1)
    residency.begin()
    residency.note(0, np.array([[1, 2], [1, 5]]))
    nothing = np.zeros(EXPERTS, np.float32)
    assert residency.ranking(0, nothing)[0] == 0  # its own tokens count as wishes only
    residency.begin()
    assert residency.ranking(0, nothing)[0] == 1


@given(st.lists(st.lists(st.integers(0, EXPERTS - 1), min_size=2, max_size=2, unique=True), min_size=1, max_size=20))
@_QUICK
def test_a_token_at_a_time_counts_like_one_layer_at_a_time(model, loader, tokens):
    one, other = residency_of(model, loader, 1), residency_of(model, loader, 1)
    for wanted in tokens:
        one.note_token(np.array([wanted, wanted]))
    for layer in (0, 1):
        other.note(layer, np.array(tokens))
    np.testing.assert_allclose(one.heat, other.heat, rtol=1e-4)
    np.testing.assert_allclose(one.prior, other.prior, rtol=1e-4)


def test_a_wish_of_long_ago_counts_less(model, loader):
    residency = residency_of(model, loader, 1)
    residency.note(0, np.array([[0], [0], [0]]))
    for _ in range(400):
        residency.note(0, np.array([5]))
    assert residency.hottest(0, 1) == [5]
    residency.heat[0, 0] = residency.heat[0, 5] + 500
    assert residency.hottest(0, 1) == [0]


def test_the_end_of_a_prompt_is_hotter_than_its_beginning(model, loader):
    residency = residency_of(model, loader, 1)
    residency.note(0, np.array([[1, 2], [3, 4]]))
    assert set(residency.hottest(0, 2)) == {3, 4}


def test_of_what_was_not_wanted_the_popular_are_hottest(model, loader):
    residency = residency_of(model, loader, 1)
    residency.prior[0, 7] = 1
    residency.begin()
    residency.note(0, np.array([5]))
    assert residency.hottest(0, 2) == [5, 7]


# --- who is here already --------------------------------------------------------------------------------------


@st.composite
def _rankings(draw):
    """A ranking, who is here, a size of the set, and places."""
    ranking = np.array(draw(st.permutations(range(EXPERTS))))
    here = np.array(sorted(draw(_EXPERT_SETS)), np.int64)
    return ranking, here, draw(st.integers(1, EXPERTS)), draw(st.integers(0, EXPERTS))


@given(_rankings())
@_QUICK
def test_loyalty_takes_no_more_than_its_places_and_never_reads_more(of):
    ranking, here, count, places = of
    moved = loyal(ranking, here, places)
    assert sorted(moved.tolist()) == list(range(EXPERTS))
    best, chosen = set(ranking[:count].tolist()), set(moved[:count].tolist())
    assert set(ranking[: max(0, count - places)].tolist()) <= chosen
    assert len(chosen - set(here.tolist())) <= len(best - set(here.tolist()))
    assert all(int(np.flatnonzero(ranking == e)[0]) < count + places for e in chosen)


@given(_rankings())
@_QUICK
def test_loyalty_prefers_the_better_among_those_here_and_among_those_not(of):
    ranking, here, _, places = of
    moved, rank = loyal(ranking, here, places).tolist(), {e: i for i, e in enumerate(ranking.tolist())}
    for kind in (set(here.tolist()), set(range(EXPERTS)) - set(here.tolist())):
        ranks = [rank[e] for e in moved if e in kind]
        assert ranks == sorted(ranks)


@given(_rankings())
@_QUICK
def test_more_loyalty_never_reads_more(of):
    ranking, here, count, places = of
    reads = [len(set(loyal(ranking, here, n)[:count].tolist()) - set(here.tolist())) for n in range(places + 1)]
    assert reads == sorted(reads, reverse=True)


@given(st.integers(1, 128), st.floats(0, 1))
@_QUICK
def test_a_set_stays_as_far_as_the_model_bears_it_and_never_wholly(count, slack):
    places = loyalty(count, 128, slack)
    assert places >= round(LOYALTY * count)
    assert loyalty(count, 128, 0.0) == round(LOYALTY * count)
    assert places == round(LOYALTY * count) or count + places <= round(MOST_KEPT * 128)


def test_of_what_a_request_wants_a_little_that_which_is_here_stays(model, loader):
    residency = residency_of(model, loader, 6, resident=(8, 9, 10, 11))
    residency.begin()
    residency.evict(0, [8, 9])  # who runs in between does not change whom it is loyal to
    assert round(LOYALTY * 4) == 2
    assert residency.choose(0, np.arange(EXPERTS), 4) == [0, 1, 2, 3]  # who is here is wanted least
    near = np.array([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7])
    assert set(residency.choose(0, near, 4)) == {0, 1, 2, 8}  # 8 is fifth, and counts as third
