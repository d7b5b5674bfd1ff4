"""Exponentials in training on a CPU: sigmoid, softmax and cross-entropy by numpy, each with its gradient.

MLX's CPU backend for x86 computes `exp` one number at a time, 50 million a second; numpy's vector instructions do
800 million. On a GPU MLX's own are used. Same formulas in float32; knows no model. The thread that calls.
"""

from __future__ import annotations

from typing import Any, cast

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx_lm.models import dots1


def quicken(model: Any) -> None:
    """Let a dots1 model take its exponentials from here; what it computes and its parameters' names stay.

    Its attention leaves behind what `looked_at` and `written` find.
    """
    for layer in model.layers:
        layer.self_attn.__class__ = _Attention
        mlp = layer.mlp
        if isinstance(mlp, dots1.Dots1MLP):
            mlp.__class__ = _MLP
            continue
        mlp.experts.activation = _swiglu
        if mlp.shared_experts is not None:
            mlp.shared_experts.__class__ = _MLP


def looked_at(layer: Any, head: int) -> mx.array:
    """Where a head of `layer` looked in the last forward: [B, T, T], rows add up to 1."""
    weights = layer.self_attn._weights
    B, T = weights.shape[0], weights.shape[-1]
    found: mx.array = weights.reshape(B, -1, T, T)[:, head]
    return found


def written(layer: Any, head: int) -> mx.array:
    """What a head of `layer` added to the hidden states in the last forward: [B, T, D]."""
    attention = layer.self_attn
    width = attention._values.shape[-1]
    values = attention._values[:, head * attention.n_kv_heads // attention.n_heads]
    out = attention.o_proj.weight[:, head * width : (head + 1) * width]
    found: mx.array = looked_at(layer, head) @ values @ out.T
    return found


def nats(logits: mx.array, targets: mx.array) -> mx.array:
    """Cross-entropy [...] of logits [..., V] against targets [...]."""
    if not _on_cpu():
        return nn.losses.cross_entropy(logits.astype(mx.float32), targets)
    found: Any = _nats(logits.astype(mx.float32), targets)
    return cast("mx.array", found[0])


class _Attention(dots1.Dots1Attention):  # type: ignore[misc]
    def __call__(self, x: mx.array, mask: Any = None, cache: None = None) -> mx.array:
        """As the stock one without a cache, over whole sequences."""
        assert cache is None
        B, T, _ = x.shape
        heads, groups = self.n_heads, self.n_kv_heads
        q = self.q_norm(self.q_proj(x).reshape(B, T, heads, -1)).transpose(0, 2, 1, 3)
        k = self.k_norm(self.k_proj(x).reshape(B, T, groups, -1)).transpose(0, 2, 1, 3)
        v = self.v_proj(x).reshape(B, T, groups, -1).transpose(0, 2, 1, 3)
        q = (self.rope(q) * self.scale).reshape(B, groups, heads // groups * T, -1)
        scores = (q @ self.rope(k).swapaxes(-1, -2)).reshape(B, groups, -1, T, T)
        self._weights, self._values = _causal(scores), v
        out = (
            (self._weights.reshape(B, groups, -1, T) @ v)
            .reshape(B, heads, T, -1)
            .transpose(0, 2, 1, 3)
            .reshape(B, T, -1)
        )
        return cast("mx.array", self.o_proj(out))


class _MLP(dots1.Dots1MLP):  # type: ignore[misc]
    def __call__(self, x: mx.array) -> mx.array:
        return cast("mx.array", self.down_proj(_swiglu(self.up_proj(x), self.gate_proj(x))))


def _swiglu(up: mx.array, gate: mx.array) -> mx.array:
    share: Any = _sigmoid(gate) if _on_cpu() else mx.sigmoid(gate)
    return cast("mx.array", gate * share * up)


def _causal(scores: mx.array) -> mx.array:
    if _on_cpu():
        found: Any = _causal_softmax(scores)
        return cast("mx.array", found)
    ahead = mx.triu(mx.full(scores.shape[-2:], -mx.inf), 1)
    return mx.softmax(scores + ahead, axis=-1)


def _on_cpu() -> bool:
    return mx.default_device() == mx.Device(mx.cpu)


@mx.custom_function
def _sigmoid(x: mx.array) -> mx.array:
    s = np.negative(np.array(x, copy=False))
    np.minimum(s, 80, out=s)
    np.exp(s, out=s)
    s += 1
    return mx.array(np.reciprocal(s, out=s))


@_sigmoid.vjp
def _of_sigmoid(_primal: mx.array, cotangent: mx.array, s: mx.array) -> mx.array:
    return cotangent * s * (1 - s)


@mx.custom_function
def _causal_softmax(scores: mx.array) -> mx.array:
    """Over the last axis of [..., T, T]; what lies ahead gets 0."""
    p = np.array(scores)
    ahead = np.triu(np.full(p.shape[-2:], -np.inf, np.float32), 1)
    p += ahead
    p -= p.max(axis=-1, keepdims=True)
    np.exp(p, out=p)
    p /= p.sum(axis=-1, keepdims=True)
    return mx.array(p)


@_causal_softmax.vjp
def _of_softmax(_primal: mx.array, cotangent: mx.array, p: mx.array) -> mx.array:
    weighed = cotangent * p
    return weighed - p * weighed.sum(axis=-1, keepdims=True)


@mx.custom_function
def _nats(logits: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
    """The nats, and the probabilities that their gradient is made of."""
    p = np.array(logits)
    p -= p.max(axis=-1, keepdims=True)
    of_targets = np.take_along_axis(p, np.array(targets)[..., None], axis=-1)[..., 0]
    np.exp(p, out=p)
    total = p.sum(axis=-1)
    p /= total[..., None]
    return mx.array(np.log(total) - of_targets), mx.array(p)


@_nats.vjp
def _of_nats(primals: Any, cotangents: Any, outputs: Any) -> Any:
    _, targets = primals
    slope = np.array(outputs[1])
    at = np.array(targets)[..., None]
    np.put_along_axis(slope, at, np.take_along_axis(slope, at, axis=-1) - 1, axis=-1)
    slope *= np.array(cotangents[0])[..., None]
    return mx.array(slope), mx.zeros_like(targets)
