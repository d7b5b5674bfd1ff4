"""Runs a checkpoint through the engine's parts directly, without host or events. Test support."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache

from engine.experts.loader import Batch, wait_all
from engine.generation.opened import Opened, arrays, open_model
from engine.routing.exact import Exact


def opened(path: Path) -> Opened:
    return open_model(path, lambda _done, _of: None)


def wait(batch: Batch) -> None:
    batch.wait()


def exact_way(model: Opened, keep: int) -> Exact:
    return Exact(model.residency, keep, lambda: None, wait)


def generate(model: Opened, way: Any, prompt: Sequence[int], n: int, caches: list[Any] | None = None) -> list[int]:
    """n greedy tokens, the prompt prefilled like mlx-lm does: all but its last token first."""
    caches = make_prompt_cache(model.model) if caches is None else caches
    tokens = []
    with model.through(way):
        if len(prompt) > 1:
            model.model(mx.array(list(prompt[:-1]))[None], cache=caches)
            mx.eval(arrays(caches))
        token = mx.array(list(prompt[-1:]))
        for _ in range(n):
            token = mx.argmax(model.model(token[None], cache=caches)[:, -1, :], axis=-1)
            tokens.append(int(np.array(token)[0]))
    return tokens


def last_logits(model: Opened, way: Any, tokens: Sequence[int], caches: list[Any] | None = None) -> np.ndarray:
    """float32 [V] after the tokens, one piece."""
    caches = make_prompt_cache(model.model) if caches is None else caches
    with model.through(way):
        logits = model.model(mx.array(list(tokens))[None], cache=caches)[0, -1]
        return np.array(logits.astype(mx.float32))


def install(model: Opened, selection: Sequence[Sequence[int]]) -> None:
    """Exactly these experts resident, the routers told."""
    assert model.resident is not None
    residency = model.residency
    wait_all([residency.fetch(layer, ids) for layer, ids in enumerate(selection)], wait)
    for layer, ids in enumerate(selection):
        residency.keep_only(layer, ids)
    model.resident.refresh_all()
