"""The experts' products are the stock switch's, forward and backward, however the tokens fall."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.switch_layers import SwitchGLU

from engine.training.products import expert_products


@pytest.mark.parametrize("used", [[0, 1, 2, 3, 4, 5], [2], [0, 5]])
def test_products_and_gradients_are_the_stock_ones(used):
    random = np.random.default_rng(len(used))
    switch = SwitchGLU(16, 24, 6)
    x = mx.array(random.normal(size=(2, 9, 16)).astype(np.float32))
    ids = mx.array(random.choice(used, size=(2, 9, 2)).astype(np.uint32))
    pull = mx.array(random.normal(size=(2, 9, 2, 16)).astype(np.float32))

    def through(way, parameters, x):
        switch.update(parameters)
        return (way(x) * pull).sum()

    parameters = switch.parameters()
    ours = mx.value_and_grad(lambda p, x: through(lambda x: expert_products(switch, x, ids), p, x), (0, 1))
    stock = mx.value_and_grad(lambda p, x: through(lambda x: switch(x, ids), p, x), (0, 1))
    (a, (a_weights, a_x)), (b, (b_weights, b_x)) = ours(parameters, x), stock(parameters, x)
    assert a.item() == pytest.approx(b.item(), rel=1e-4, abs=1e-4)
    assert np.array(a_x) == pytest.approx(np.array(b_x), abs=1e-5)
    for name in ("gate_proj", "up_proj", "down_proj"):
        got, right = np.array(a_weights[name]["weight"]), np.array(b_weights[name]["weight"])
        assert got == pytest.approx(right, abs=1e-5), name
