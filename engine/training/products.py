"""The experts' products in training: tokens sorted by expert, one matrix product per expert and projection.

The stock switch gathers a matrix per token, which on a CPU runs at 3-6 GFLOP/s and cannot be differentiated fast.
Same formula, same parameters, exact: no capacity, nothing dropped. Reads the choice back to the host once per layer.
"""

from __future__ import annotations

from typing import Any, cast

import mlx.core as mx
import numpy as np


def expert_products(switch: Any, x: mx.array, ids: mx.array) -> mx.array:
    """What the stock `SwitchGLU` gives: [..., k, D] for x [..., D] and ids [..., k]."""
    k = ids.shape[-1]
    flat = np.array(ids, copy=False).reshape(-1)
    order = np.argsort(flat, kind="stable")
    inverse = np.empty_like(order)
    inverse[order] = np.arange(order.size)
    counts = np.bincount(flat, minlength=switch.gate_proj.weight.shape[0])
    rows = mx.broadcast_to(x.reshape(-1, 1, x.shape[-1]), (flat.size // k, k, x.shape[-1])).reshape(flat.size, -1)
    there, back = mx.array(order), mx.array(inverse)
    rows = _permute(rows, there, back)
    gate = _segments(rows, switch.gate_proj.weight, counts)
    up = _segments(rows, switch.up_proj.weight, counts)
    y = _segments(switch.activation(up, gate), switch.down_proj.weight, counts)
    return _permute(y, back, there).reshape(*ids.shape, -1)


def _segments(rows: mx.array, weight: mx.array, counts: np.ndarray) -> mx.array:
    """Rows [N, in], `counts[e]` of them for expert e in order; weight [E, out, in] -> [N, out].

    With a gradient of its own: that of a slice is an array as large as what it was cut from, one for every expert.
    """
    ends = np.cumsum(counts).tolist()
    spans = [(e, end - int(n), end) for e, (n, end) in enumerate(zip(counts, ends, strict=True)) if n]

    def products(rows: mx.array, weight: mx.array) -> mx.array:
        return mx.concatenate([rows[a:b] @ weight[e].T for e, a, b in spans])

    def gradients(primals: Any, cotangent: mx.array, _output: mx.array) -> Any:
        rows, weight = primals
        nothing = mx.zeros(weight.shape[1:])
        of_weight = [nothing] * len(counts)
        for e, a, b in spans:
            of_weight[e] = cotangent[a:b].T @ rows[a:b]
        return mx.concatenate([cotangent[a:b] @ weight[e] for e, a, b in spans]), mx.stack(of_weight)

    custom: Any = mx.custom_function(products)
    custom.vjp(gradients)
    return cast("mx.array", custom(rows, weight))


@mx.custom_function
def _permuted(rows: mx.array, order: mx.array, _inverse: mx.array) -> mx.array:
    return rows[order]


@_permuted.vjp
def _permuted_back(primals: Any, cotangent: mx.array, _output: mx.array) -> Any:
    """A gather by the inverse, where MLX would scatter."""
    _, order, inverse = primals
    return cotangent[inverse], mx.zeros_like(order), mx.zeros_like(inverse)


def _permute(rows: mx.array, order: mx.array, inverse: mx.array) -> mx.array:
    permuted: Any = _permuted
    return cast("mx.array", permuted(rows, order, inverse))
