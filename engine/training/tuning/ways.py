"""The ways in tuning: any way with what the routers have learnt, and the one that learns. Engine thread only."""

from __future__ import annotations

from typing import NamedTuple

import mlx.core as mx

from engine.routing.block import Entered, MoEBlock, Stock, Way
from engine.routing.families import RouterKind
from engine.routing.resident import Resident

ROUTER_SCALE = 10.0
"""Over the root of the width, so that a step moves a router's weight by a share of its usual size, at any width."""


def change_of(learnt: mx.array) -> mx.array:
    """What is added to a router's matrix [E, D]."""
    change: mx.array = learnt * (ROUTER_SCALE * float(learnt.shape[-1]) ** -0.5)
    return change


class Tuned:
    """Wraps `within`; routers[index]: what the router of that MoE layer has learnt, [E, D] float32."""

    def __init__(self, within: Way, routers: dict[int, mx.array]) -> None:
        self.routers = routers
        self._within = within
        self._logits: mx.array | None = None

    def enter(self, h: mx.array) -> None:
        if isinstance(self._within, Entered):
            self._within.enter(h)

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        self._within.see(block, x, self._changed(block, x, logits))

    def columns(self, block: MoEBlock, scores: mx.array) -> mx.array:
        assert block.router is not None
        assert self._logits is not None
        logits, self._logits = self._logits, None
        if block.router.family.kind is RouterKind.SOFTMAX_GROUPS:
            logits = mx.softmax(logits, axis=-1, precise=True)
        return self._within.columns(block, logits)

    def switch(self, block: MoEBlock, x: mx.array, ids: mx.array, stock: Stock) -> mx.array:
        return self._within.switch(block, x, mx.stop_gradient(ids), stock)

    def _changed(self, block: MoEBlock, x: mx.array, logits: mx.array) -> mx.array:
        self._logits = self._sum(block, x, logits).astype(logits.dtype)
        return self._logits

    def _sum(self, block: MoEBlock, x: mx.array, logits: mx.array) -> mx.array:
        """What the router says and what it has learnt, in float32."""
        return logits.astype(mx.float32) + x.astype(mx.float32) @ change_of(self.routers[block.index]).T


class Told(NamedTuple):
    """Of one MoE layer and one sequence. outside: -log of the share of the router's softmax inside the set, mean over
    tokens. wishes: [E], shares of what the full router wanted.
    """

    outside: mx.array
    wishes: mx.array


class Learning(Tuned):
    """Served by the residents; keeps what each router would have wanted until `take`. here: bool [L, E]."""

    def __init__(self, resident: Resident, routers: dict[int, mx.array], here: mx.array) -> None:
        super().__init__(resident, routers)
        self._here = here
        self._told: list[Told] = []

    def enter(self, h: mx.array) -> None:
        """Whoever runs the layers sees it."""

    def see(self, block: MoEBlock, x: mx.array, logits: mx.array) -> None:
        """Routers alone learn to agree with the sets: drawn through the hidden states the model learns less else."""
        self._changed(block, x, logits)
        logits = self._sum(block, mx.stop_gradient(x), mx.stop_gradient(logits)).reshape(-1, logits.shape[-1])
        within = mx.logsumexp(mx.where(self._here[block.index], logits, -1e9), axis=-1)
        outside = (mx.logsumexp(logits, axis=-1) - within).mean()
        self._told.append(Told(outside, wishes(block, mx.stop_gradient(logits))))

    def take(self) -> list[Told]:
        told, self._told = self._told, []
        return told


def wishes(block: MoEBlock, logits: mx.array) -> mx.array:
    """[E]: of logits [T, E], which experts the full router wants, every token one wish; they add up to 1."""
    router = block.router
    assert router is not None
    ids, weights = router.wanted(logits, router.bias, router.scale)
    weights = weights.astype(mx.float32)
    shares = weights / weights.sum(axis=-1, keepdims=True)
    return mx.put_along_axis(mx.zeros(logits.shape), ids, shares, axis=-1).mean(axis=0)
