"""Builds a model that sees by mlx-vlm's own classes, so that it answers calls as mlx-lm's models do. Engine thread.

Nothing of mlx-vlm is copied or patched: the model becomes a subclass of its own class, made on the spot, whose
call gives logits and whose caches are mlx-lm's, which the engine can take back. Encoders stay unread.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import mlx.core as mx
from mlx_lm.models import cache as stock

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout
from engine.errors import KnownError
from engine.vision.kinds import KINDS
from engine.vision.kinds.kind import Kind


def build(checkpoint: Checkpoint, plan: Layout) -> Any:
    """The lazy model. Raises KnownError when experts are not stored as MLX runs them; others as mlx-vlm does."""
    with quiet():
        utils: Any = importlib.import_module("mlx_vlm.utils")
        model = utils.load_model(checkpoint.path, lazy=True)
    kind = KINDS[checkpoint.model_type]
    kind.mend(model)
    _check_experts(model, plan)
    _speak_as_mlx_lm(model, kind)
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """mlx-vlm warns of parts a checkpoint leaves out, which is nothing to a person."""
    root = logging.getLogger()
    before = root.disabled
    root.disabled = True
    try:
        yield
    finally:
        root.disabled = before


def _check_experts(model: Any, plan: Layout) -> None:
    """The parameters are the file's tensors under the same names and in the same shapes."""
    for layer in plan.layers:
        for tensor in layer.tensors:
            if _shape_at(model, tensor.tensor.name) != tensor.tensor.shape:
                raise KnownError(
                    f"The experts of this checkpoint are not stored as MLX runs them ({tensor.tensor.name}).",
                    "Convert the model with mlx_vlm.convert, or get it from mlx-community.",
                )


def _shape_at(model: Any, name: str) -> tuple[int, ...] | None:
    module = model
    try:
        for part in name.split("."):
            module = module[int(part)] if part.isdigit() else getattr(module, part)
        return tuple(module.shape)
    except (AttributeError, IndexError):
        return None


class Placed(stock.KVCache):  # type: ignore[misc]
    """Of a model whose pictures take fewer positions than rows. shift: from rows to positions, after the prompt."""

    shift = 0


def _speak_as_mlx_lm(model: Any, kind: Kind) -> None:
    mlx_vlm: Any = type(model)
    caching: Any = importlib.import_module("mlx_vlm.models.cache")
    placed = kind.positions is not None

    class Sighted(mlx_vlm):  # type: ignore[misc]
        def __call__(self, tokens: mx.array, cache: Any = None, **seen: Any) -> mx.array:
            if placed and "position_ids" not in seen:  # given always: else mlx-vlm looks at those of its last call
                seen["position_ids"] = kind.laid(_counted(cache or [], tokens.shape[1]))
            return cast("mx.array", self.language_model(tokens, cache=cache, **seen).logits)

        def make_cache(self) -> list[Any]:
            return [_twin(one, placed=placed) for one in caching.make_prompt_cache(self.language_model)]

    model.__class__ = Sighted


def _counted(caches: Sequence[Any], tokens: int) -> mx.array:
    """int32 [3, 1, T]: positions after what is cached."""
    begin = next((cache.offset + cache.shift for cache in caches if isinstance(cache, Placed)), 0)
    return mx.broadcast_to(mx.arange(begin, begin + tokens, dtype=mx.int32), (3, 1, tokens))


def _twin(cache: Any, *, placed: bool) -> Any:
    """mlx-lm's cache of the same kind; an unknown kind stays, and is undone by a copy."""
    match type(cache).__name__:
        case "KVCache":
            return Placed() if placed else stock.KVCache()
        case "ChunkedKVCache":
            return stock.ChunkedKVCache(cache.chunk_size)
        case "RotatingKVCache":
            return stock.RotatingKVCache(max_size=cache.max_size, keep=cache.keep)
        case _:
            return cache
