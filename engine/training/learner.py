"""The model in training: a stock mlx-lm MoE and a predictor, hooked so that each sequence is served by its set.

One forward computes, at the first MoE layer, the set of every sequence from its prompt's hidden states, and a second
set from all before a reselection; from there on the router chooses within them. MLX; the thread that calls.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_map_with_path
from mlx_lm.models import dots1

from engine.routing.block import Router, hook_entry, put_in
from engine.routing.families import router_shape
from engine.routing.predictor import Predictor, measured, usual
from engine.training.copying import behind_the_same, one_back, said_again
from engine.training.exponentials import looked_at, nats, quicken, written
from engine.training.products import expert_products
from engine.training.recipe import Recipe, Routing, Shape
from engine.training.sets import best, spread, straight_through, told_apart
from engine.training.spans import Spans
from engine.training.variants import firsts


class Losses(NamedTuple):
    """Of one batch. nll: nats per scored token. outside: -log of the routers' wishes within the predicted set of
    `home` experts. distillation: cross-entropy of the predictor against the routers' wishes over the sequence.
    looking: how far two heads are from what copying needs of them (engine.training.copying).
    contrast: how badly the predictor's scores of a prompt tell its own continuation from the batch's others.
    usage: [L, E] share of sequences whose home set has the expert.
    loads: [L, E] how often tokens that had the expert in their set chose it; 1 is as often as the layer's others.
    """

    nll: mx.array
    outside: mx.array
    distillation: mx.array
    contrast: mx.array
    looking: mx.array
    usage: mx.array
    loads: mx.array


class Block:
    """One MoE layer in training; `put_in` asks it for the way."""

    def __init__(self, index: int, switch: Any, learner: Learner) -> None:
        self.index = index
        self.switch = switch
        self._learner = learner

    def passing(self) -> Any:
        return self._learner


class Learner(nn.Module):
    """recipe.routing decides what `losses` does with sets; a dense model has neither blocks nor predictor."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.recipe = recipe
        self.whole = False
        """Whether one expert of each kind serves every sequence (engine.training.variants)."""
        shape = recipe.shape
        self.model: Any = build(shape)
        quicken(self.model)
        self._blocks: list[Block] = []
        if recipe.routing is not Routing.DENSE:
            self._hook(shape)
        if recipe.routing is Routing.FROZEN:
            self.predictor = Predictor(shape.hidden, shape.moe_layers, shape.experts, max(1, recipe.kinds))
            self.predictor.freeze(keys=["mark", "scale"], strict=True)
        self._forget()

    def _hook(self, shape: Shape) -> None:
        form = router_shape("dots1", shape.config())
        for index, layer in enumerate(self.model.layers[shape.dense_layers :]):
            layer.mlp.gate.freeze(keys=["e_score_correction_bias"], strict=True)
            block = Block(index, layer.mlp.experts, self)
            self._blocks.append(block)
            put_in(block, layer.mlp.experts, Router(form, layer.mlp))
        hook_entry(self.model, f"model.layers.{shape.dense_layers}.mlp", self._blocks[0])

    def _forget(self) -> None:
        self._logits: list[mx.array] = []
        self._loads: list[mx.array] = []
        self._spans: Spans | None = None
        self._noise = 0.0
        self._lengths = mx.array([0])
        self._learning = False
        self._home: mx.array | None = None
        self._usage: mx.array | None = None
        self._sets: mx.array | None = None
        self._bias: mx.array | None = None
        self._gates: mx.array | None = None
        self._scores: list[mx.array] | None = None
        self._rest: mx.array | None = None
        self._given: mx.array | None = None

    # --- the way (engine.routing.block) -----------------------------------------------------------------

    def enter(self, h: mx.array) -> None:
        """Sets for this forward, from the hidden states [B, T, D] after the dense layers."""
        if self._spans is None:
            return
        spans, length = self._spans, h.shape[1]
        if self._given is not None:
            self._sets = mx.broadcast_to(self._given[:, None], (h.shape[0], length, *self._given.shape[1:]))
            return
        at = mx.arange(length)[None]
        h = mx.stop_gradient(h)  # the predictor reads what the model made for its own ends
        raw = [self.predictor.raw(h, at < end[:, None]) for end in (spans.prompt, spans.turn)]
        if self._learning:
            raw.append(self.predictor.raw(h, (at >= spans.prompt[:, None]) & (at < self._lengths[:, None])))
        scores = self._measured(raw)
        if self._learning:
            self._rest = scores.pop()
        ranked = [s + self._noise * mx.random.gumbel(s.shape) for s in scores] if self._noise else scores
        chosen = [best(self.predictor.evened(r), spans.size) for r in ranked]
        gates = [straight_through(s, c, spans.size) for s, c in zip(scores, chosen, strict=True)]
        home = [best(self.predictor.evened(s), mx.full(spans.size.shape, self.recipe.home)) for s in scores]
        self._scores = scores
        self._usage = home[0].astype(mx.float32).mean(axis=0)
        if self.whole:
            one = firsts(self.recipe.shape.experts, self.recipe.kinds)
            self._sets = mx.broadcast_to(one, (*h.shape[:2], self.recipe.shape.moe_layers, one.size))
            return
        self._sets = spread(chosen[0], chosen[1], spans.turn, length)
        self._gates = spread(gates[0], gates[1], spans.turn, length)
        self._home = spread(home[0], home[1], spans.turn, length)

    def _measured(self, raw: list[mx.array]) -> list[mx.array]:
        """Against what is usual: in training in this batch, since it moves while it is learnt and sets must differ."""
        if self._learning:
            mark, scale = (mx.stop_gradient(a) for a in usual(mx.concatenate(raw[:2]), self._home_share))
        else:
            mark, scale = self.predictor.mark, self.predictor.scale
        return [measured(r, mark, scale) for r in raw]

    @property
    def _home_share(self) -> float:
        return self.recipe.home / self.recipe.shape.experts

    def see(self, block: Block, x: mx.array, _logits: mx.array) -> None:
        """What routers wish for, to be agreed with the sets; see `Recipe.heeded`."""
        if self._learning and self.recipe.routing is Routing.FROZEN:
            heeded = self.recipe.heeded
            x = heeded * x + (1 - heeded) * mx.stop_gradient(x)
            self._logits.append((x @ self._gate(block).weight.T).astype(mx.float32))

    def columns(self, block: Block, scores: mx.array) -> mx.array:
        """All of them: what lies outside a set is kept out by the bias, which the stock selection adds last."""
        if self._sets is not None:
            gate = self._gate(block)
            self._bias = gate.e_score_correction_bias
            gate.e_score_correction_bias = mx.where(self._sets[:, :, block.index], self._bias, -1e9)
        return scores

    def switch(self, block: Block, x: mx.array, ids: mx.array, _stock: Any) -> mx.array:
        if self._bias is not None:
            self._gate(block).e_score_correction_bias = self._bias
            self._bias = None
        y = expert_products(block.switch, x, ids)
        if self._learning:
            self._loads.append(mx.array(self._load(block, np.array(ids))))
        if self._gates is None:
            return y
        return y * mx.take_along_axis(self._gates[:, :, block.index], ids, axis=-1)[..., None]

    def _gate(self, block: Block) -> Any:
        return self.model.layers[self.recipe.shape.dense_layers + block.index].mlp.gate

    def _load(self, block: Block, ids: np.ndarray) -> np.ndarray:
        """Of one layer, see `Losses`; ids: [B, T, k]."""
        valid = np.arange(ids.shape[1])[None] < np.array(self._lengths)[:, None]
        experts = self.recipe.shape.experts
        chosen = np.bincount(ids[valid].reshape(-1), minlength=experts)
        sets = None if self._sets is None else np.array(self._sets[:, :, block.index])
        offered = np.full(experts, valid.sum()) if sets is None else sets[valid].sum(axis=0)
        load = chosen / np.maximum(offered, 1) * offered.sum() / chosen.sum()
        return np.where(offered > 0, load, 1.0).astype(np.float32)

    # --- what is learnt ---------------------------------------------------------------------------------

    def token_nll(self, tokens: mx.array, spans: Spans | None, given: mx.array | None = None) -> mx.array:
        """Nats [B, T - 1] of each token after the first. spans: sets are picked; given: bool [B, L, E], the sets."""
        self._forget()
        self._spans, self._given = spans, given
        return self._nats(tokens)

    def losses(self, tokens: mx.array, lengths: mx.array, spans: Spans, noise: float) -> Losses:
        """Everything that training looks at, for one batch. Scored: what follows the prompt, or `Recipe.prompts`."""
        self._forget()
        frozen = self.recipe.routing is Routing.FROZEN
        self._spans, self._noise, self._learning = spans if frozen else None, noise, True
        self._lengths = lengths
        nats = self._nats(tokens)
        at = mx.arange(1, tokens.shape[1])[None]
        valid = at < lengths[:, None]
        following = at >= spans.prompt[:, None]
        scored = (valid & (following | (self.whole and self.recipe.prompts))).astype(mx.float32)
        nll = (nats * scored).sum() / scored.sum()
        zero = mx.array(0.0)
        loads = mx.stack(self._loads) if self._loads else zero
        looking = self._looking(tokens, valid.astype(mx.float32))
        if not frozen:
            return Losses(nll, zero, zero, zero, looking, zero, loads)
        outside, distillation = (zero, zero) if self.whole else self._agreement(valid.astype(mx.float32))
        assert self._scores is not None
        assert self._rest is not None
        contrast = told_apart(self._scores[0], self._rest)
        return Losses(nll, outside, distillation, contrast, looking, cast("mx.array", self._usage), loads)

    def _nats(self, tokens: mx.array) -> mx.array:
        return nats(self.model(tokens[:, :-1]), tokens[:, 1:])

    def _looking(self, tokens: mx.array, valid: mx.array) -> mx.array:
        """Of `Losses`; tokens [B, T + 1], valid [B, T] of all but the first. The later head alone should do it."""
        first, later = (self.model.layers[at] for at in self.recipe.copying_layers)
        given, following = tokens[:, :-1], tokens[:, 1:]
        again = behind_the_same(looked_at(later, 0), given, valid)
        logits = self.model.model.embed_tokens.as_linear(self.model.model.norm(written(later, 0)))
        return (
            one_back(looked_at(first, 0), valid) + again + said_again(nats(logits, following), given, following, valid)
        )

    def _agreement(self, valid: mx.array) -> tuple[mx.array, mx.array]:
        """How far routers want what is outside the home sets; how far the predictor is from what routers want."""
        assert self._home is not None
        assert self._scores is not None
        logits = mx.stack(self._logits, axis=2)  # [B, T, L, E]
        within = mx.logsumexp(mx.where(self._home, logits, -1e9), axis=-1)
        outside = ((mx.logsumexp(logits, axis=-1) - within).mean(axis=-1) * valid).sum() / valid.sum()
        wishes = mx.stop_gradient(mx.softmax(logits, axis=-1) * valid[..., None, None]).sum(axis=1)
        wishes = wishes / wishes.sum(axis=-1, keepdims=True)
        logs = [s - mx.logsumexp(s, axis=-1, keepdims=True) for s in self._scores]
        distillation = -((wishes * (logs[0] + logs[1])).sum(axis=-1).mean()) / 2
        return outside, distillation

    def balance(self, losses: Losses) -> None:
        """After a step: a bias in each router moves against what is used too much (arXiv 2408.15664).

        Over the whole batch, so that a sequence may go on using its own. Without it two of a set's experts do all.
        """
        for number, block in enumerate(self._blocks):
            load = losses.loads[number]
            self._gate(block).e_score_correction_bias += self.recipe.balance_step * mx.sign(1 - load)


def build(shape: Shape) -> Any:
    """A stock dots1 model, its weights random: projections into the residual stream are scaled down with depth."""
    model: Any = dots1.Model(dots1.ModelArgs.from_dict(shape.config()))
    depth = (2 * shape.layers) ** -0.5

    def start(path: str, a: mx.array) -> Any:
        if path.endswith(("o_proj.weight", "down_proj.weight")):
            return a * depth
        if path.endswith("gate.weight"):
            return mx.random.normal(a.shape) * shape.hidden**-0.5
        return a

    model.update(tree_map_with_path(start, model.parameters()))
    return model
