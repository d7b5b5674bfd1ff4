"""A head that looks where copying needs it to costs nothing, and another costs what it misses."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from engine.training.copying import behind_the_same, one_back, said_again
from engine.training.exponentials import looked_at, quicken, written
from engine.training.learner import build
from tests.training.test_run import SHAPE

TOKENS = mx.array([[5, 7, 9, 5, 7, 3]])  # what follows the first 5 is 7; what follows the first 7 is 9
ALL = mx.ones((1, 6))


def looking_at(columns):
    weights = np.zeros((1, 6, 6), np.float32)
    for row, column in enumerate(columns):
        weights[0, row, column] = 1
    return mx.array(weights)


def test_a_head_that_looks_one_back_costs_nothing():
    assert one_back(looking_at([0, 0, 1, 2, 3, 4]), ALL).item() == pytest.approx(0, abs=1e-4)
    assert float(one_back(looking_at([0, 1, 2, 3, 4, 5]), ALL)) > 10


def test_padding_does_not_count():
    valid = mx.array([[1.0, 1, 1, 0, 0, 0]])
    assert one_back(looking_at([0, 0, 1, 3, 4, 5]), valid).item() == pytest.approx(0, abs=1e-4)
    assert behind_the_same(looking_at([0, 0, 0, 5, 5, 5]), TOKENS, valid).item() == pytest.approx(0, abs=1e-4)


def test_a_head_that_looks_behind_the_same_token_costs_nothing():
    right = looking_at([0, 0, 0, 1, 2, 0])
    assert behind_the_same(right, TOKENS, ALL).item() == pytest.approx(0, abs=1e-4)
    half = (right + looking_at([0, 0, 0, 0, 0, 0])) / 2
    assert behind_the_same(half, TOKENS, ALL).item() == pytest.approx(np.log(2) / 3, abs=1e-4)
    assert float(behind_the_same(looking_at([0, 0, 0, 0, 1, 0]), TOKENS, ALL)) > 4
    never_before = looking_at([0, 1, 0, 1, 2, 0])
    assert float(behind_the_same(never_before, TOKENS, ALL)) > 2


def test_where_a_head_looked_is_found_in_order_of_heads():
    mx.random.seed(0)
    model = build(SHAPE)
    quicken(model)
    model(TOKENS)
    layer = model.layers[1]
    weights = looked_at(layer, 1)
    assert weights.shape == (1, 6, 6)
    assert np.array(weights.sum(axis=-1)) == pytest.approx(1, abs=1e-5)
    assert np.triu(np.array(weights[0]), 1).max() == 0
    before = np.array(looked_at(layer, 0)), np.array(weights)
    layer.self_attn.q_proj.weight[SHAPE.head :] *= -1  # the second head's questions
    model(TOKENS)
    assert np.array(looked_at(layer, 0)) == pytest.approx(before[0])
    assert np.abs(np.array(looked_at(layer, 1)) - before[1]).max() > 1e-3


def test_what_counts_as_said_again_is_what_followed_before():
    following = mx.array([[7, 9, 5, 7, 3, 1]])
    nats = mx.array([[1.0, 2, 4, 8, 16, 32]])
    # after the second 5 comes 7, as before; after the second 7 comes 3, not 9
    assert said_again(nats, TOKENS, following, ALL).item() == pytest.approx(8)
    assert said_again(nats, TOKENS, following, mx.zeros((1, 6))).item() == 0


def test_what_the_heads_write_adds_up_to_what_attention_gives():
    mx.random.seed(0)
    model = build(SHAPE)
    quicken(model)
    x = mx.random.normal((2, 7, SHAPE.hidden))
    out = model.layers[1].self_attn(x)
    heads = sum(np.array(written(model.layers[1], head)) for head in range(SHAPE.heads))
    assert heads == pytest.approx(np.array(out), abs=1e-5)
