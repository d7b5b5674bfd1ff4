"""Sets in training: the highest scores, a gradient for every expert, a second set from the reselection on."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.training.sets import best, soft_top_k, spread, straight_through, told_apart


def scores(seed: int = 0, scale: float = 1.0) -> mx.array:
    return mx.array(np.random.default_rng(seed).normal(size=(2, 3, 8)).astype(np.float32) * scale)


def test_best_takes_each_sequences_own_number():
    chosen = np.array(best(scores(), mx.array([2, 8])))
    assert chosen.sum(-1).tolist() == [[2, 2, 2], [8, 8, 8]]
    top = np.argsort(-np.array(scores())[0], axis=-1)[:, :2]
    assert np.take_along_axis(chosen[0], top, axis=-1).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 7), st.sampled_from([0.01, 1.0, 30.0]), st.integers(0, 99))
def test_soft_weights_add_up_to_the_count_and_keep_the_order(count, scale, seed):
    given_scores = scores(seed, scale)
    weights = np.array(soft_top_k(given_scores, mx.array([count, count])))
    assert weights.sum(-1) == pytest.approx(np.full((2, 3), count), abs=2e-3)
    assert (np.diff(np.take_along_axis(weights, np.argsort(np.array(given_scores), -1), -1), axis=-1) >= 0).all()


def test_a_soft_weights_gradient_is_that_of_finite_differences():
    """What one expert gains the others lose: the gradient goes through the shift as well."""
    given_scores, count = scores(3), mx.array([3, 3])
    pull = mx.array(np.random.default_rng(5).normal(size=(2, 3, 8)).astype(np.float32))
    gradient = np.array(mx.grad(lambda s: (soft_top_k(s, count) * pull).sum())(given_scores))
    assert gradient.sum(-1) == pytest.approx(np.zeros((2, 3)), abs=1e-5)
    moved = np.zeros((2, 3, 8), np.float32)
    moved[1, 2, 4] = 1e-2
    up, down = (np.array((soft_top_k(given_scores + s * mx.array(moved), count) * pull).sum()) for s in (1, -1))
    assert (up - down) / 2e-2 == pytest.approx(gradient[1, 2, 4], abs=2e-3)


def test_straight_through_is_one_for_the_chosen_and_teaches_all():
    given_scores, count = scores(), mx.array([3, 3])
    chosen = best(given_scores, count)
    gates = straight_through(given_scores, chosen, count)
    assert np.array(gates) == pytest.approx(np.array(chosen).astype(np.float32), abs=1e-6)
    gradient = mx.grad(lambda s: straight_through(s, chosen, count)[0, 0].max())(given_scores)
    assert np.count_nonzero(np.array(gradient)[0, 0]) == 8


def test_the_second_set_serves_from_the_reselection_on():
    first, second = mx.zeros((2, 4)), mx.ones((2, 4))
    spans = np.array(spread(first, second, mx.array([1, 3]), 3))
    assert spans[:, :, 0].tolist() == [[0, 1, 1], [0, 0, 0]]


def test_scores_that_find_their_partners_have_no_contrast_left():
    scores = mx.random.normal((6, 2, 8), key=mx.random.key(1))
    assert float(told_apart(scores, scores + 0.01)) < 0.01
    assert float(told_apart(scores, scores[::-1])) > 6


def test_scores_that_are_all_alike_tell_nothing():
    assert float(told_apart(mx.ones((6, 2, 8)), mx.ones((6, 2, 8)))) == pytest.approx(np.log(6))
