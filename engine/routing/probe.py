"""A way through the MoE layers that computes nothing: it tells shapes. Engine thread only."""

from __future__ import annotations

import mlx.core as mx

from engine.routing.block import MoEBlock, Stock


class Probe:
    """Experts put out zeros; a graph built this way is never evaluated."""

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        """Nothing to see."""

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        return scores

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        return mx.zeros((*ids.shape, x.shape[-1]), x.dtype)
