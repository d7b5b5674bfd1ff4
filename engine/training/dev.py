"""How good a model in training is on documents it does not learn from. `cadre eval` says it of a finished one."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from engine.training.dialogues import padded
from engine.training.learner import Learner
from engine.training.recipe import Routing
from engine.training.sets import best
from engine.training.spans import Spans

DEV_PROMPT = 24
"""Tokens that choose the set; half of a document that is shorter than twice that."""
_ROWS = 16

Documents = Sequence[Sequence[int]]


def dev_nll(learner: Learner, documents: Documents, prompt: int = DEV_PROMPT) -> dict[str, float]:
    """Nats per token after a document's first `prompt` tokens, by how many experts per layer a document may use.

    "random": of each kind equally many, as the predictor's sets are.
    """
    recipe = learner.recipe
    sizes = [recipe.shape.experts]
    if recipe.routing is Routing.FROZEN:
        sizes = sorted({size for size, _ in recipe.counts})
    found = {f"{size}": _nll(learner, documents, prompt, size) for size in sizes}
    if recipe.routing is Routing.FROZEN:
        found[f"random {recipe.home}"] = _nll(learner, documents, prompt, recipe.home, random=True)
    return found


def _nll(learner: Learner, documents: Documents, prompt: int, size: int, random: bool = False) -> float:
    recipe, shape = learner.recipe, learner.recipe.shape
    frozen = recipe.routing is Routing.FROZEN
    total = scored = 0.0
    generator = np.random.default_rng(0)
    for at in range(0, len(documents), _ROWS):
        batch = padded([d[: recipe.longest] for d in documents[at : at + _ROWS]])
        rows = len(batch.lengths)
        ends = np.minimum(prompt, batch.lengths // 2)
        spans = Spans(mx.array(ends), mx.array(batch.lengths), mx.full((rows,), size))
        given = None
        if random:
            scores = generator.uniform(-1, 1, (rows, shape.moe_layers, shape.experts)).astype(np.float32)
            given = best(learner.predictor.evened(mx.array(scores)), spans.size)
        nats = np.array(learner.token_nll(mx.array(batch.tokens), spans if frozen else None, given=given))
        positions = np.arange(1, batch.tokens.shape[1])[None]
        mask = (positions >= ends[:, None]) & (positions < batch.lengths[:, None])
        total += float((nats * mask).sum())
        scored += float(mask.sum())
    return total / scored
