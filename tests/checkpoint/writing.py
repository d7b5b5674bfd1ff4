"""Writes small model folders byte by byte, broken ones too. Knows the format, not the reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ITEMSIZE = {"F32": 4, "BF16": 2, "U32": 4, "U8": 1}

Shapes = Mapping[str, tuple[str, tuple[int, ...]]]
"""Tensor name to dtype and shape."""


def encoded(header: object) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


def entry(dtype: object, shape: object, begin: object, end: object) -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def safetensors(path: Path, tensors: Shapes) -> Path:
    """A valid file of zeros."""
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        nbytes = ITEMSIZE[dtype]
        for dimension in shape:
            nbytes *= dimension
        header[name] = entry(dtype, list(shape), at, at + nbytes)
        at += nbytes
    path.write_bytes(encoded(header) + bytes(at))
    return path


def model(folder: Path, tensors: Shapes, **config: Any) -> Path:
    """A folder with one weights file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen3_moe", **config}))
    safetensors(folder / "model.safetensors", tensors)
    return folder


def experts(path: str, count: int = 4, hidden: int = 64, inner: int = 32) -> Shapes:
    """The tensors of one container of unquantised experts."""
    return {
        f"{path}.gate_proj.weight": ("F32", (count, inner, hidden)),
        f"{path}.up_proj.weight": ("F32", (count, inner, hidden)),
        f"{path}.down_proj.weight": ("F32", (count, hidden, inner)),
    }


def quantized_experts(path: str, bits: int = 4, group_size: int = 32) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The tensors of one container of four affine experts, 64 wide."""
    tensors: dict[str, tuple[str, tuple[int, ...]]] = {}
    for projection in ("gate_proj", "up_proj", "down_proj"):
        tensors[f"{path}.{projection}.weight"] = ("U32", (4, 64, 64 * bits // 32))
        tensors[f"{path}.{projection}.scales"] = ("BF16", (4, 64, 64 // group_size))
        tensors[f"{path}.{projection}.biases"] = ("BF16", (4, 64, 64 // group_size))
    return tensors
