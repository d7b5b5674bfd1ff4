"""Where a sequence's prompt ends, where its experts are picked again, and how many it gets: drawn for every batch."""

from __future__ import annotations

from typing import NamedTuple

import mlx.core as mx
import numpy as np

from engine.training.recipe import Recipe


class Spans(NamedTuple):
    """Per sequence [B]: tokens of the prompt, position of the reselection (beyond the end: none), set size."""

    prompt: mx.array
    turn: mx.array
    size: mx.array


def draw(recipe: Recipe, lengths: np.ndarray, random: np.random.Generator) -> Spans:
    highest = np.maximum(np.minimum(recipe.longest_prompt, lengths // 2), recipe.shortest_prompt)
    prompt = random.integers(recipe.shortest_prompt, highest + 1)
    turn = np.where(random.random(len(lengths)) < recipe.reselected, random.integers(prompt, lengths + 1), lengths)
    sizes, chances = zip(*recipe.counts, strict=True)
    count = random.choice(sizes, size=len(lengths), p=chances)
    return Spans(*(mx.array(a.astype(np.int32)) for a in (prompt, turn, count)))
