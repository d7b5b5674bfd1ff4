"""What one MoE layer costs besides arithmetic: operations a device is given, and times the host waits for it.

Counted, not timed, so it holds for a GPU too. Engine thread only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import mlx.core as mx
import mlx_lm.utils
import numpy as np
from mlx.utils import tree_flatten
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.decode import Cursor, ResidentDecoder
from engine.generation.opened import Opened, open_model
from engine.generation.sampling import Sampler
from engine.messages import Sampling
from engine.routing.resident import Resident

_mlx_lm: Any = mlx_lm.utils

SHARE = 0.25
DEPTH = 48
"""MoE layers over which what comes once per token is spread: Qwen3-30B-A3B's."""
_PRIMITIVE = re.compile(r'label ="(?P<name>[^"]+)", shape=rectangle')


@dataclass(frozen=True)
class PerLayer:
    """Operations of one token in one MoE block: ours with what coverage costs once per token spread over `DEPTH`
    layers, and the stock block's.
    """

    primitives: float
    stock_primitives: float
    once_per_token: float
    host_reads_per_token: float


def primitives(*arrays: mx.array) -> int:
    """Operations in the graph that leads to lazy arrays; a compiled one counts once, evaluated arrays none."""
    dot = io.StringIO()
    cast("Any", mx).export_to_dot(dot, *arrays)
    return len(_PRIMITIVE.findall(dot.getvalue()))


def measure(folder: Path) -> PerLayer:
    """On a model of a family that routes among residents; on three of its layers and on two."""
    opened = open_model(folder, lambda _done, _of: None, media=False)
    try:
        _fill(opened, int(SHARE * opened.layout.experts))
        ours = [_resident(opened, n) for n in (2, 3)]
        stock = _stock_block(folder, opened)
        reads = host_reads(opened)
    finally:
        opened.close()
    each = ours[1] - ours[0]
    once = ours[0] - 2 * each
    return PerLayer(each + once / DEPTH, stock, once, reads)


def host_reads(opened: Opened, tokens: int = 4) -> float:
    """Times per token that the resident decoder waits for the device."""
    assert opened.resident is not None
    opened.resident.refresh_all()
    cursor = Cursor(make_prompt_cache(opened.model), mx.array([1]), 0, Sampler(Sampling()))
    count = len(opened.residency.resident()[0])
    decoder = ResidentDecoder(opened, cursor, lambda batch: batch.wait(), None, count)
    decoder.step()
    with waits() as counted:
        for _ in range(tokens):
            decoder.step()
    decoder.settle()
    return counted[0] / tokens


@contextmanager
def waits() -> Iterator[list[int]]:
    """Counts evaluations that are waited for: calls of `mx.eval`, and reads of arrays it was not given."""
    counted = [0]
    seen: set[int] = set()
    kept: list[Any] = []  # so that an id stays that array's
    stock_eval, stock_array = mx.eval, np.array

    def evaluate(*args: Any) -> None:
        counted[0] += 1
        kept.append(args)
        seen.update(id(array) for array in args)
        stock_eval(*args)

    def read(value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, mx.array) and id(value) not in seen:
            counted[0] += 1
        return stock_array(value, *args, **kwargs)

    with patch.object(mx, "eval", evaluate), patch.object(np, "array", read):
        yield counted


def _fill(opened: Opened, count: int) -> None:
    opened.resize(count)
    for block in opened.blocks:
        batch = opened.residency.fetch(block.index, range(count))
        if batch is not None:
            batch.wait()


def _resident(opened: Opened, layers: int) -> int:
    """Operations of `layers` MoE blocks, each with an input of its own, and of what is read back."""
    blocks = opened.blocks[:layers]
    resident = Resident(blocks)
    resident.refresh_all()
    with opened.through(resident):
        outputs = [_owner(opened.model, block.layer.path)(_input(opened)) for block in blocks]
    served = resident.served()
    return primitives(*outputs, *served)


def _stock_block(folder: Path, opened: Opened) -> int:
    model, _ = _mlx_lm.load_model(folder, lazy=True)
    mx.eval([p for path, p in _parameters(model) if "switch" not in path])  # what is evaluated is no operation
    block = _owner(model, opened.blocks[0].layer.path)
    _empty_switch(model, opened.blocks[0].layer.path)
    return primitives(block(_input(opened)))


def _parameters(model: Any) -> Sequence[tuple[str, mx.array]]:
    found: Any = tree_flatten(model.parameters())
    return cast("list[tuple[str, mx.array]]", found)


def _empty_switch(model: Any, path: str) -> None:
    """The first layer's experts as zeros: the same operations, and nothing is read."""
    switch = _follow(model, path)
    for projection in switch.children().values():
        for name, value in projection.parameters().items() if hasattr(projection, "parameters") else ():
            projection[name] = _zeros(value)


def _zeros(value: mx.array) -> mx.array:
    zeros = mx.zeros(value.shape, value.dtype)
    mx.eval(zeros)
    return zeros


def _owner(model: Any, path: str) -> Callable[[mx.array], mx.array]:
    """The MoE block: the module that holds the switch."""
    owner: Callable[[mx.array], mx.array] = _follow(model, path.rpartition(".")[0])
    return owner


def _follow(module: Any, path: str) -> Any:
    for name in path.split("."):
        module = module[int(name)] if name.isdigit() else getattr(module, name)
    return module


def _input(opened: Opened) -> mx.array:
    x = mx.ones((1, 1, opened.checkpoint.text_config["hidden_size"]))
    mx.eval(x)
    return x
