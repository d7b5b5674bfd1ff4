"""Experts that begin as variants of a few kinds (sparse upcycling, Komatsuzaki et al., arXiv 2212.05055). Pure.

An expert of one prompt's set must do what any other set's expert of its kind does, and learns it from a few of the
sequences. So for a while one expert of each kind learns for all, then its variants go on from there and learn in
part what all of their kind learn. Kinds are contiguous: experts 0 to E / kinds - 1 are the first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mlx.core as mx
from mlx.utils import tree_map_with_path

_EXPERTS, _ROUTERS = ".mlp.experts.", ".mlp.gate."


def firsts(experts: int, kinds: int) -> mx.array:
    """Bool [E]: the one of each kind that learns for all."""
    return mx.arange(experts) % (experts // kinds) == 0


def split(tree: Any, experts: int, kinds: int) -> Any:
    """Every variant as the first of its kind: of parameters and of an optimiser's state, by their paths."""
    each = experts // kinds
    first = mx.arange(experts) // each * each
    return _of_experts(tree, (_EXPERTS, _ROUTERS), experts, lambda a: a[first])


def shared(gradients: Any, experts: int, kinds: int, share: float) -> Any:
    """Of what an expert learns, `share` is what all variants of its kind learn; routers tell them apart freely."""
    each = experts // kinds

    def mixed(a: mx.array) -> mx.array:
        by_kind = a.reshape(kinds, each, *a.shape[1:])
        return ((1 - share) * each * by_kind + share * by_kind.sum(axis=1, keepdims=True)).reshape(a.shape)

    return _of_experts(gradients, (_EXPERTS,), experts, mixed)


def _of_experts(tree: Any, names: tuple[str, ...], experts: int, change: Callable[[mx.array], mx.array]) -> Any:
    def changed(path: str, a: Any) -> Any:
        mine = any(name in path for name in names) and a.ndim > 0 and a.shape[0] == experts
        return change(a) if mine else a

    return tree_map_with_path(changed, tree)
