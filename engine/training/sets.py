"""Sets of experts in training: which experts a span of tokens may use, and how a choice gets a gradient.

Pure functions of arrays; no model, no data.
"""

from __future__ import annotations

import mlx.core as mx

_BISECTIONS = 24


def best(scores: mx.array, count: mx.array) -> mx.array:
    """Bool [B, L, E]: of scores [B, L, E] the highest `count` [B] in each layer."""
    ranks = mx.argsort(mx.argsort(-scores, axis=-1), axis=-1)
    return ranks < count[:, None, None]


def soft_top_k(scores: mx.array, count: mx.array) -> mx.array:
    """Weights in (0, 1) [B, L, E] that add up to `count` [B] in each layer, by one shift of a sigmoid.

    What one expert gains, the others of its layer lose: the SoftTopK of arXiv 2501.02086 (from CoLT5, 2303.09752).
    """
    fixed = mx.stop_gradient(scores)
    wanted = count.astype(scores.dtype)[:, None, None]
    low = fixed.min(axis=-1, keepdims=True) - 12
    high = fixed.max(axis=-1, keepdims=True) + 12
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        many = mx.sigmoid(fixed - middle).sum(axis=-1, keepdims=True) > wanted
        low, high = mx.where(many, middle, low), mx.where(many, high, middle)
    shift = (low + high) / 2
    weights = mx.sigmoid(scores - shift)
    slope = mx.maximum((mx.sigmoid(fixed - shift) * mx.sigmoid(shift - fixed)).sum(axis=-1, keepdims=True), 1e-6)
    shift = shift + (weights.sum(axis=-1, keepdims=True) - wanted) / slope  # a Newton step: right value, right slope
    return mx.sigmoid(scores - shift)


def straight_through(scores: mx.array, chosen: mx.array, count: mx.array) -> mx.array:
    """1 for the chosen in value, `soft_top_k` in gradient: inference uses a set as it is, without weights."""
    soft = soft_top_k(scores, count)
    return mx.where(chosen, 1 + soft - mx.stop_gradient(soft), 0)


def told_apart(scores: mx.array, others: mx.array, temperature: float = 0.1) -> mx.array:
    """InfoNCE (arXiv 1807.03748) of scores [B, L, E]: nats by which row i's own partner is not told from the batch's.

    What stays the same in a sequence and differs between sequences is its subject.
    """
    one, other = (_direction(s.reshape(s.shape[0], -1)) for s in (scores, others))
    alike = one @ other.T / temperature
    own = mx.diagonal(alike)
    return (mx.logsumexp(alike, axis=0) + mx.logsumexp(alike, axis=1) - 2 * own).mean() / 2


def _direction(rows: mx.array) -> mx.array:
    rows = rows - rows.mean(axis=0, keepdims=True)
    return rows * mx.rsqrt(mx.square(rows).sum(axis=-1, keepdims=True) + 1e-6)


def spread(first: mx.array, second: mx.array, turn: mx.array, length: int) -> mx.array:
    """[B, T, ...]: `first` [B, ...] up to position turn [B], `second` from there on."""
    later = mx.arange(length)[None] >= turn[:, None]
    later = later.reshape(*later.shape, *(1,) * (first.ndim - 1))
    return mx.where(later, second[:, None], first[:, None])
