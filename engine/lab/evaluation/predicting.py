"""A predictor's ranking of the experts for a prompt, where the checkpoint has one. Engine thread only.

The dense layers before the first MoE layer run over the prompt; what they give goes into the predictor, and the forward
stops there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import mlx.core as mx
import numpy as np

from engine.generation.opened import Opened
from engine.lab.evaluation.scores import Floats
from engine.routing.predictor import Predictor, load_predictor

_LAYER = re.compile(r"(.+\.layers\.\d+)\.")


class _Reached(Exception):
    """The first MoE layer was reached with these hidden states [B, T, D]."""


def predictor_of(opened: Opened) -> Predictor | None:
    """Raises KnownError when there is one that does not fit the model."""
    hidden = opened.checkpoint.text_config.get("hidden_size")
    if opened.resident is None or not isinstance(hidden, int):
        return None
    return load_predictor(opened.path, hidden, len(opened.blocks), opened.layout.experts)


def predicted(opened: Opened, predictor: Predictor, prompt: Sequence[int]) -> Floats:
    """Scores [L, E]."""
    with _stopping(_first_layer(opened)):
        try:
            opened.model(mx.array(list(prompt))[None])
        except _Reached as reached:
            (hidden,) = reached.args
            return np.array(predictor(hidden.astype(mx.float32))[0].astype(mx.float32))
    raise AssertionError("a forward that meets no MoE layer")


def _first_layer(opened: Opened) -> Any:
    found = _LAYER.match(opened.blocks[0].layer.path)
    assert found is not None
    module: Any = opened.model
    for name in found[1].split("."):
        module = module[int(name)] if name.isdigit() else getattr(module, name)
    return module


@contextmanager
def _stopping(layer: Any) -> Iterator[None]:
    stock = type(layer)

    class Stopping(stock):  # type: ignore[misc, valid-type]
        def __call__(self, x: mx.array, *_rest: Any, **_named: Any) -> Any:
            raise _Reached(x)

    layer.__class__ = Stopping
    try:
        yield
    finally:
        layer.__class__ = stock
