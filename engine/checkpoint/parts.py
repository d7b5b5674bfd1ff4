"""How each part of a model is stored, in words: experts, router, attention and the rest. Pure, no MLX."""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout
from engine.checkpoint.quantization import packing
from engine.checkpoint.safetensors import TensorInfo

EXPERTS = "experts"
# The first that matches a path decides, so what is nested in something named stands before it.
_PARTS = (
    ("pictures and sound", re.compile(r"vision|visual|audio|multi_modal")),
    ("attention", re.compile(r"attn|attention")),
    ("shared experts", re.compile(r"\.shared?_(expert|mlp)")),
    ("router", re.compile(r"\.(gate|router)(\.|$)")),
    ("feed-forward", re.compile(r"mlp|feed_forward|ffn")),
    ("embeddings", re.compile(r"embed|lm_head|\.wte$")),
    ("other", re.compile(r"")),
)
_ORDER = (EXPERTS, *(part for part, _ in _PARTS))
_DTYPES = {"BF16": "bfloat16", "F16": "float16", "F32": "float32"}


def packing_by_part(checkpoint: Checkpoint, layout: Layout) -> dict[str, str]:
    """Part to words such as "4-bit affine, groups of 64"; where a part is mixed, all it uses, the most used first.

    Matrices only: norms and biases are never packed and would say nothing.

    Raises:
        KnownError: scales that do not fit their weight.
    """
    sizes: dict[str, Counter[str]] = defaultdict(Counter)
    for layer in layout.layers:
        weight = next(t.tensor for t in layer.tensors if t.kind == "weight")
        for packed in layer.packings:
            sizes[EXPERTS][str(packed or _unpacked(weight))] += layer.experts * layer.expert_bytes
    routed = {t.tensor.name for layer in layout.layers for t in layer.tensors}
    for name in checkpoint.tensors.keys() - routed:
        path, _, kind = name.rpartition(".")
        tensor = checkpoint.tensors[name]
        if kind == "weight" and len(tensor.shape) >= 2:
            sizes[_part(path)][_words(checkpoint, path, tensor)] += tensor.nbytes
    return {part: " and ".join(_most_first(sizes[part])) for part in _ORDER if part in sizes}


def _most_first(sizes: Counter[str]) -> list[str]:
    return sorted(sizes, key=lambda words: (-sizes[words], words))


def _part(path: str) -> str:
    return next(part for part, pattern in _PARTS if pattern.search(path))


def _words(checkpoint: Checkpoint, path: str, weight: TensorInfo) -> str:
    scales = checkpoint.tensors.get(f"{path}.scales")
    if scales is None or weight.dtype != "U32":
        return _unpacked(weight)
    return str(packing(path, checkpoint.config, weight, scales))


def _unpacked(weight: TensorInfo) -> str:
    return _DTYPES.get(weight.dtype, weight.dtype)
