"""Wanted experts: the full router's own choice for a token, from its logits. Pure MLX functions.

The same function serves one layer's prompt ([tokens, E]) and one token of all layers at once ([layers, E]).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import mlx.core as mx

from engine.routing.families import RouterKind, RouterShape

Wanted = Callable[[mx.array, mx.array | None, mx.array | None], tuple[mx.array, mx.array]]
"""(logits [..., E], bias [..., E] or None, scale [..., E] or None) -> ids [..., k], weights [..., k] float32.

Weights are right up to one factor per token, which coverage and ranking do not see.
"""


def wanted_function(shape: RouterShape, gate: Any) -> Wanted:
    """The family's choice. `gate` is the stock gate module where the family has one of its own."""
    family = shape.family
    assert family is not None
    if family.kind is RouterKind.GROUP_SELECT:
        return _group_select(gate)
    if family.kind is RouterKind.SOFTMAX_GROUPS:
        return lambda logits, _bias, _scale: softmax_groups(mx.softmax(logits, axis=-1, precise=True), gate)
    return _plain(shape.experts_per_token, family.activation)


def _plain(k: int, activation: str) -> Wanted:
    def wanted(logits: mx.array, bias: mx.array | None, scale: mx.array | None) -> tuple[mx.array, mx.array]:
        logits = logits.astype(mx.float32)
        weights = mx.sigmoid(logits) if activation == "sigmoid" else mx.softmax(logits, axis=-1)
        ranks = weights if bias is None else weights + bias
        ids = mx.argpartition(ranks, kth=-k, axis=-1)[..., -k:]
        chosen = mx.take_along_axis(weights, ids, axis=-1)
        if scale is not None:
            chosen = chosen * mx.take_along_axis(mx.broadcast_to(scale, logits.shape), ids, axis=-1)
        return ids, chosen

    return wanted


def select_of(gate: Any) -> Callable[..., tuple[mx.array, mx.array]]:
    """The `group_expert_select` of the gate's own model file: the files differ in details of rounding."""
    module = sys.modules[type(gate).__module__]
    select: Callable[..., tuple[mx.array, mx.array]] = module.group_expert_select
    return select


def _group_select(gate: Any) -> Wanted:
    select = select_of(gate)

    def wanted(logits: mx.array, bias: mx.array | None, _scale: mx.array | None) -> tuple[mx.array, mx.array]:
        return select(
            logits, bias, gate.top_k, gate.n_group, gate.topk_group, gate.routed_scaling_factor, gate.norm_topk_prob
        )

    return wanted


def softmax_groups(scores: mx.array, gate: Any) -> tuple[mx.array, mx.array]:
    """deepseek_v2's choice from scores [..., C]: the best groups by their best expert, then the best k."""
    if gate.topk_method == "group_limited_greedy":
        grouped = mx.unflatten(scores, -1, (gate.n_group, -1))
        best = grouped.max(axis=-1, keepdims=True)
        dropped = gate.n_group - gate.topk_group
        index = mx.stop_gradient(mx.argpartition(best, kth=dropped - 1, axis=-2)[..., :dropped, :])
        grouped = mx.put_along_axis(grouped, index, mx.array(0.0, scores.dtype), axis=-2)
        scores = mx.flatten(grouped, -2, -1)
    ids = mx.stop_gradient(mx.argpartition(-scores, kth=gate.top_k - 1, axis=-1)[..., : gate.top_k])
    return ids, mx.take_along_axis(scores, ids, axis=-1) * gate.routed_scaling_factor
