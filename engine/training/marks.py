"""What is usual for each expert: the predictor's marks, taken over many prompts from the model as it is now.

They hold only for this model: while it learns its hidden states move on, and quantising moves them once more, by more
than the prompts differ. With old marks all prompts get the same set.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import mlx.core as mx
import numpy as np

from engine.routing.predictor import Predictor, usual
from engine.training.dev import Documents
from engine.training.dialogues import batches
from engine.training.recipe import Recipe
from engine.training.spans import Spans, draw

_BATCHES = 40


def settle(predictor: Predictor, model: Any, recipe: Recipe, documents: Documents) -> None:
    """Mark and scale of `predictor` from prompts drawn as in training."""
    random = np.random.default_rng(recipe.seed)
    drawn = islice(batches(documents, recipe.batch_tokens, recipe.longest, random), _BATCHES)
    spans = ((batch.tokens, draw(recipe, batch.lengths, random)) for batch in drawn)
    raw = mx.concatenate([r for tokens, span in spans for r in _raw(predictor, model, recipe, tokens, span)])
    predictor.mark, predictor.scale = usual(raw, recipe.home / recipe.shape.experts)


def _raw(predictor: Predictor, model: Any, recipe: Recipe, tokens: np.ndarray, spans: Spans) -> Iterable[mx.array]:
    h = model.model.embed_tokens(mx.array(tokens))
    for layer in model.layers[: recipe.shape.dense_layers]:
        h = layer(h, "causal")
    at = mx.arange(tokens.shape[1])[None]
    for end in (spans.prompt, spans.turn):
        scores = predictor.raw(h.astype(mx.float32), at < end[:, None])
        mx.eval(scores)
        yield scores
