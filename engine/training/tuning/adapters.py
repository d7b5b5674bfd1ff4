"""What is learnt of a linear layer: a low-rank change beside it while it is learnt, fused into it at the end.

LoRA, Hu et al., arXiv 2106.09685. The stock module keeps its class, made a subclass on the spot. Engine thread only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn

from engine.checkpoint.safetensors import TensorInfo

SCALE = 2.0
_BEGINNING = 4096
DECODER_LAYER = re.compile(r"((?:\w+\.)*?layers\.\d+)\.")

Pair = dict[str, mx.array]
"""a: [inputs, rank], b: [rank, outputs], float32."""


class Adapter:
    """The change of the module at `path`; `pair` is set by whoever runs a forward."""

    def __init__(self, path: str, module: Any) -> None:
        self.path = path
        self.module = module
        self.pair: Pair = {}
        stock: Any = type(module)
        adapter = self

        class Adapted(stock):  # type: ignore[misc]
            def __call__(self, x: mx.array) -> mx.array:
                return adapter.beside(x, super().__call__(x))

        module.__class__ = Adapted

    def start(self, rank: int, key: mx.array) -> Pair:
        """A random, b zero: nothing has changed yet."""
        outputs, inputs = _shape(self.module)
        a = mx.random.uniform(-(inputs**-0.5), inputs**-0.5, (inputs, rank), key=key)
        return {"a": a, "b": mx.zeros((rank, outputs))}

    def beside(self, x: mx.array, y: mx.array) -> mx.array:
        change = SCALE * ((x @ self.pair["a"]) @ self.pair["b"])
        return y + change.astype(y.dtype)

    def fused(self, pair: Pair) -> Iterator[tuple[str, mx.array]]:
        """The module's tensors with the change in them, by the names and in the packing that the checkpoint has."""
        return fused(self.path, self.module, SCALE * (pair["a"] @ pair["b"]).T)


def adaptable(model: Any, routers: Collection[str], tensors: Mapping[str, TensorInfo]) -> Iterator[tuple[str, Any]]:
    """Path and module of every linear layer inside the decoder that the checkpoint holds as it runs, routers left out.

    Experts are no linear layers in mlx-lm (switch_layers), so that none is among them.
    """
    for path, module in model.named_modules():
        linear = isinstance(module, nn.Linear | nn.QuantizedLinear)
        if linear and path not in routers and DECODER_LAYER.match(path) and is_stored(path, module, tensors):
            yield path, module


def is_stored(path: str, module: Any, tensors: Mapping[str, TensorInfo]) -> bool:
    """Whether the checkpoint holds the module's matrix under its own name: then it can be replaced where it lies."""
    arrays = {kind: module[kind] for kind in ("weight", "scales", "biases") if module.get(kind) is not None}
    found = {kind: tensors.get(f"{path}.{kind}") for kind in arrays}
    return "global_scale" not in module and all(t is not None and _same(t, arrays[kind]) for kind, t in found.items())


def _same(stored: TensorInfo, array: mx.array) -> bool:
    """By size and by how both begin: some families rearrange what they load."""
    if (stored.shape, stored.nbytes) != (array.shape, array.nbytes):
        return False
    with stored.file.open("rb") as file:
        file.seek(stored.offset)
        return file.read(min(_BEGINNING, stored.nbytes)) == raw(array)[:_BEGINNING].tobytes()


def raw(array: mx.array) -> npt.NDArray[np.uint8]:
    """The bytes of an array as a file has them. Evaluates."""
    whole = mx.contiguous(array).reshape(-1)
    mx.eval(whole)
    return np.frombuffer(whole, np.uint8)  # type: ignore[call-overload, no-any-return]


def fused(path: str, module: Any, change: mx.array) -> Iterator[tuple[str, mx.array]]:
    """The matrix of a linear layer or a gate plus a change [outputs, inputs], packed as it was."""
    if "scales" not in module:
        yield f"{path}.weight", (module.weight.astype(mx.float32) + change).astype(module.weight.dtype)
        return
    form = {"group_size": module.group_size, "bits": module.bits, "mode": module.mode}
    biases = module.get("biases")
    whole = mx.dequantize(module.weight, module.scales, biases, **form, dtype=mx.float32) + change
    packed = mx.quantize(whole.astype(module.scales.dtype if biases is not None else mx.float32), **form)
    for kind, array in zip(("weight", "scales", "biases"), packed, strict=False):
        yield f"{path}.{kind}", array


def _shape(module: Any) -> tuple[int, int]:
    outputs, inputs = module.weight.shape
    return outputs, inputs * 32 // module.bits if "scales" in module else inputs
