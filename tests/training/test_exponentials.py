"""A model that takes its exponentials from numpy computes what the stock one computes, forward and backward."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from engine.training.checkpoints import flat
from engine.training.exponentials import nats, quicken
from engine.training.learner import build
from tests.training.test_run import SHAPE

pytestmark = pytest.mark.skipif(mx.default_device() != mx.Device(mx.cpu), reason="nothing is exchanged on a GPU")


def test_loss_and_gradients_are_the_stock_ones():
    mx.random.seed(3)
    model = build(SHAPE)
    random = np.random.default_rng(0)
    tokens = mx.array(random.integers(0, SHAPE.vocabulary, (3, 40)))
    weights = mx.array(random.random((3, 39)).astype(np.float32))  # as a mask weighs tokens

    def stock(_tokens):
        return (weights * nn.losses.cross_entropy(model(tokens[:, :-1]), tokens[:, 1:])).sum()

    def quick(_tokens):
        return (weights * nats(model(tokens[:, :-1]), tokens[:, 1:])).sum()

    expected, slopes = nn.value_and_grad(model, stock)(tokens)
    mx.eval(expected, slopes)
    stock_attention = type(model.layers[0].self_attn)
    quicken(model)
    assert type(model.layers[0].self_attn) is not stock_attention
    found, found_slopes = nn.value_and_grad(model, quick)(tokens)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for (name, a), (_, b) in zip(flat(found_slopes), flat(slopes), strict=True):
        assert np.array(a) == pytest.approx(np.array(b), rel=1e-3, abs=1e-4), name


@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_logits_stay_numbers(size):
    logits = mx.array([[size, 0.0, -size]])
    loss = mx.value_and_grad(lambda x: nats(x, mx.array([1])).sum())
    value, slope = loss(logits)
    assert value.item() == pytest.approx(1e4)
    assert np.isfinite(np.array(slope)).all()
