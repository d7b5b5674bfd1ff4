"""The model in tuning: the engine's own, with adapters, router changes and a predictor that learn. Engine thread only.

A sequence's prompt chooses the set as a request would; then the sequence passes with the set alone.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten

from engine.errors import KnownError
from engine.experts.loader import Batch
from engine.experts.residency import Floats, Use
from engine.generation.opened import Opened
from engine.lab.evaluation.stage import Pulse
from engine.routing.block import hook_entry
from engine.routing.predicting import Predicting
from engine.routing.predictor import Predictor
from engine.routing.selecting import Selecting
from engine.training.tuning.adapters import Adapter, adaptable, fused, is_stored
from engine.training.tuning.draws import Draw
from engine.training.tuning.layers import Call, Layer, grouped, hook_layer
from engine.training.tuning.ways import Learning, Told, Tuned, change_of

Tree = dict[str, Any]


class Losses(NamedTuple):
    """Of one sequence. nll: nats per scored token. outside: see `Told`. distillation: cross-entropy of the predictor
    against the wishes [L, E] of the sequence; scores: what it gave, [L, E].
    """

    nll: mx.array
    outside: mx.array
    distillation: mx.array
    wishes: mx.array
    scores: mx.array


class Tuner:
    """opened must have a resident way; its banks hold the largest set. Nothing else may use it from now on.

    Raises:
        KnownError: the checkpoint does not hold the routers as the model runs them.
    """

    def __init__(self, opened: Opened, rank: int, seed: int, pulse: Pulse) -> None:
        self.opened = opened
        self.pulse = pulse
        self._router_paths = [_router_path(block.layer.path, block.router.family) for block in opened.blocks]  # type: ignore[union-attr]
        self._check()
        found = list(adaptable(opened.model, set(self._router_paths), opened.checkpoint.tensors))
        self.layers = grouped([Adapter(*one) for one in found], [b.layer.path for b in opened.blocks])
        for layer in self.layers:
            hook_layer(opened.model, layer, self)
        hidden = int(opened.checkpoint.text_config["hidden_size"])
        mx.random.seed(seed)
        self.predictor = Predictor(hidden, len(opened.blocks), opened.layout.experts)
        self.predictor.freeze(keys=["mark", "scale"], strict=True)
        if opened.predictor is None:
            hook_entry(opened.model, opened.blocks[0].layer.path, opened.blocks[0])
        self.learnt = self._start(rank, seed, hidden)
        self._way: Learning | None = None
        self._told: list[list[Told]] = []
        self._entry: mx.array | None = None
        opened.model.train()

    def _check(self) -> None:
        for block, path in zip(self.opened.blocks, self._router_paths, strict=True):
            assert block.router is not None
            if not is_stored(path, block.router.module, self.opened.checkpoint.tensors):
                raise KnownError(
                    f"The routers of {self.opened.name} are not stored as they run, so that they cannot be tuned.",
                    "Convert the model with mlx_lm.convert, or get it from mlx-community.",
                )

    def _start(self, rank: int, seed: int, hidden: int) -> Tree:
        experts = self.opened.layout.experts
        keys = iter(mx.random.split(mx.random.key(seed), max(1, sum(len(la.adapters) for la in self.layers))))
        layers = [
            {
                "routers": [mx.zeros((experts, hidden)) for _ in layer.blocks],
                "adapters": [adapter.start(rank, next(keys)) for adapter in layer.adapters],
            }
            for layer in self.layers
        ]
        predictor = self.predictor.trainable_parameters()  # type: ignore[no-untyped-call]
        return {"layers": layers, "predictor": predictor}

    # --- the set ------------------------------------------------------------------------------------------

    def choose(self, draw: Draw, prior: Floats, *, predicted: bool) -> None:
        """Read the set that the prompt asks for. prior: [L, E], what sequences before this one wanted."""
        opened, residency, resident = self.opened, self.opened.residency, self.opened.resident
        assert resident is not None
        residency.prior[:] = prior
        residency.use = Use(np.zeros_like(prior), prior.copy())
        resident.leave()
        within: Predicting | Selecting
        if predicted:
            self.predictor.update(self.learnt["predictor"])
            within = Predicting(
                self.predictor, [], opened.blocks, resident, residency, draw.count, self.pulse, Batch.wait
            )
        else:
            within = Selecting(opened.blocks, resident, residency, draw.count, self.pulse, Batch.wait)
        self._put_all(self.learnt)
        try:
            with opened.through(Tuned(within, self._routers(self.learnt))):
                mx.eval(opened.model(mx.array(draw.tokens[: draw.prompt - 1])[None]))
        finally:
            within.close()
            resident.forget()

    # --- the loss -----------------------------------------------------------------------------------------

    def losses(self, learnt: Tree, draw: Draw) -> Losses:
        """Of the sequence with the residents as they are; lazy. Scored: what follows the prompt."""
        resident = self.opened.resident
        assert resident is not None
        self._put_all(learnt)
        self._way = Learning(resident, self._routers(learnt), mx.array(resident.tables().here))
        self._learnt, self._told = learnt, []
        tokens = mx.array(draw.tokens)[None]
        try:
            with self.opened.through(self._way):
                logits = self.opened.model(tokens[:, :-1])[0, draw.prompt - 1 :].astype(mx.float32)
        finally:
            self._way = None
            resident.forget()
        targets = tokens[0, draw.prompt :, None]
        nll = (mx.logsumexp(logits, axis=-1) - mx.take_along_axis(logits, targets, axis=-1)[:, 0]).mean()
        told = [one for layer in self._told for one in layer]
        outside = mx.stack([one.outside for one in told]).mean()
        wishes = mx.stop_gradient(mx.stack([one.wishes for one in told]))
        assert self._entry is not None
        self.predictor.update(learnt["predictor"])
        scores = self.predictor(mx.stop_gradient(self._entry[:, : draw.prompt - 1].astype(mx.float32)))[0]
        logs = scores - mx.logsumexp(scores, axis=-1, keepdims=True)
        self._told, self._entry = [], None
        return Losses(nll, outside, -(wishes * logs).sum(axis=-1).mean(), wishes, scores)

    def through(self, layer: Layer, call: Call, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A decoder layer; while learning its insides are computed anew for the gradients."""
        way = self._way
        if way is None:
            return call(*given, **named)
        if 0 in layer.blocks:
            self._entry = given[0]

        def inner(own: Tree, given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, list[Told]]:
            self._put(layer, own)
            way.routers |= dict(zip(layer.blocks, own["routers"], strict=True))
            with self.opened.through(way):  # a backward pass comes here on its own
                y = call(*given, **named)
            return y, way.take()

        y, told = mx.checkpoint(inner)(self._learnt["layers"][layer.number], given, named)
        self._told.append(told)
        return y

    # --- what is learnt -----------------------------------------------------------------------------------

    @property
    def parameters(self) -> int:
        """How many numbers are learnt."""
        flat: Any = tree_flatten(self.learnt)
        return sum(a.size for _, a in flat)

    def changed(self) -> list[str]:
        """Paths of the modules that the result has anew."""
        return [*self._router_paths, *(adapter.path for layer in self.layers for adapter in layer.adapters)]

    def results(self) -> Any:
        """(name, array) of every changed tensor, one after another."""
        for layer, own in zip(self.layers, self.learnt["layers"], strict=True):
            for adapter, pair in zip(layer.adapters, own["adapters"], strict=True):
                yield from adapter.fused(pair)
            for index, router in zip(layer.blocks, own["routers"], strict=True):
                block = self.opened.blocks[index]
                assert block.router is not None
                yield from fused(self._router_paths[index], block.router.module, change_of(router))

    def _routers(self, learnt: Tree) -> dict[int, mx.array]:
        pairs = [zip(la.blocks, own["routers"], strict=True) for la, own in self._each(learnt)]
        return {index: router for pair in pairs for index, router in pair}

    def _put_all(self, learnt: Tree) -> None:
        for layer, own in self._each(learnt):
            self._put(layer, own)

    def _each(self, learnt: Tree) -> list[tuple[Layer, Tree]]:
        return list(zip(self.layers, learnt["layers"], strict=True))

    def _put(self, layer: Layer, own: Tree) -> None:
        for adapter, pair in zip(layer.adapters, own["adapters"], strict=True):
            adapter.pair = pair


def _router_path(switch: str, family: Any) -> str:
    return f"{switch.rsplit('.', family.owner)[0]}.{family.router}"
