"""Large checkpoints with random weights, written straight to disk: what `cadre bench` measures when no model is given.

The shape is Qwen3-30B-A3B's (its config.json: 48 layers, 128 experts of 768, 8 per token, hidden 2048), scaled to
the size asked for: layers first, from four upwards, then width. 4-bit affine weights in groups of 64, 8-bit
routers, as mlx-lm converts them, but float32 scales, which is what a CPU computes fastest. The weights say nothing,
yet they route: spreads keep hidden states near unit size and router logits near unit spread. Knows neither MLX nor
the rest of the engine; memory stays below 100 MB whatever the size.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import KnownError
from engine.lab.tiny_tokenizer import tiny_tokenizer
from engine.models import places

Progress = Callable[[int, int], None]
"""(bytes written, bytes of all); may raise Cancelled."""
Words = npt.NDArray[np.uint32]

VERSION = 1
"""Part of the folder's name: raise it when the same size would give other bytes."""
LEAST_SIZE = 10_000_000

_HIDDEN, _WIDTH, _HEADS, _KV_HEADS, _HEAD_DIM = 2048, 768, 32, 4, 128
_EXPERTS, _K, _VOCABULARY = 128, 8, 384
_LEAST_LAYERS, _GROUP = 4, 64
_SHARD = 5_000_000_000
_BLOCK = (1 << 22) + 4099
"""Random words that the weights repeat: 16 MB and a bit, so that no expert starts where another did."""
_PIECE = 8 << 20
_MARGIN = 1 << 30
"""Disk that is left to others."""


@dataclass(frozen=True)
class Shape:
    layers: int
    hidden: int
    width: int

    def config(self, ids: dict[str, int]) -> dict[str, Any]:
        quantization: dict[str, Any] = {"group_size": _GROUP, "bits": 4, "mode": "affine"}
        for layer in range(self.layers):
            quantization[f"model.layers.{layer}.mlp.gate"] = {"group_size": _GROUP, "bits": 8, "mode": "affine"}
        return {
            "model_type": "qwen3_moe",
            "architectures": ["Qwen3MoeForCausalLM"],
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "intermediate_size": 3 * self.hidden,
            "moe_intermediate_size": self.width,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": _HEAD_DIM,
            "num_experts": _EXPERTS,
            "num_experts_per_tok": _K,
            "norm_topk_prob": True,
            "decoder_sparse_step": 1,
            "mlp_only_layers": [],
            "vocab_size": _VOCABULARY,
            "rms_norm_eps": 1e-6,
            "rope_theta": 1e6,
            "max_position_embeddings": 40960,
            "tie_word_embeddings": False,
            "torch_dtype": "float32",
            "random_weights": True,
            "quantization": quantization,
            "quantization_config": quantization,
            **ids,
        }

    @property
    def heads(self) -> int:
        return max(_KV_HEADS, _HEADS * self.hidden // _HIDDEN // _KV_HEADS * _KV_HEADS)

    @property
    def kv_heads(self) -> int:
        return _KV_HEADS


@dataclass(frozen=True)
class _Tensor:
    """spread: of the weights a scale is for; the value itself where the tensor is a norm's vector."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    bits: int = 0
    spread: float = 1.0

    @property
    def nbytes(self) -> int:
        return 4 * math.prod(self.shape)


def synthetic_checkpoint(
    size: int,
    progress: Progress = lambda _done, _of: None,
    root: Path | None = None,
    layers: int | None = None,
) -> Path:
    """The folder of the checkpoint nearest to `size` bytes, written below `root` when it is not there yet.

    root: by default Cadre's own folder for benchmarks. layers: as many, and the width as the size then allows;
    None: as many as it takes at full width, four at least. config.json comes last: a folder without one is unfinished
    and is written anew.

    Raises:
        KnownError: the size is too small, or the disk has no room for it.
    """
    shape = shape_of(size, layers)
    root = root if root is not None else places.home() / "bench"
    folder = root / f"qwen3-moe-{shape.layers}x{shape.hidden}x{shape.width}-v{VERSION}"
    if not (folder / "config.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _check_room(root, total_bytes(shape))
        folder.mkdir(parents=True)
        try:
            _write(folder, shape, progress)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return folder


def shape_of(size: int, layers: int | None = None) -> Shape:
    """Layers first, width only when four layers, or those that are given, are too many. Raises KnownError."""
    if size < LEAST_SIZE:
        raise KnownError("A synthetic checkpoint has at least 10 MB.", "Ask for example for --size 2GB.")
    whole = Shape(1, _HIDDEN, _WIDTH)
    fit = round(size / total_bytes(whole))
    if layers is None and fit >= _LEAST_LAYERS:
        return Shape(fit, _HIDDEN, _WIDTH)
    fitting = [Shape(layers or _LEAST_LAYERS, hidden, _narrow(hidden)) for hidden in range(_GROUP, _HIDDEN + 1, _GROUP)]
    return min(fitting, key=lambda s: abs(total_bytes(s) - size))


def total_bytes(shape: Shape) -> int:
    return sum(tensor.nbytes for tensor in _tensors(shape))


def _narrow(hidden: int) -> int:
    """The experts' width for a hidden size, in the original's proportion, a multiple of the group."""
    return max(1, round(hidden * _WIDTH / _HIDDEN / _GROUP)) * _GROUP


def _check_room(root: Path, size: int) -> None:
    existing = next(p for p in (root, *root.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < size + _MARGIN:
        raise KnownError(
            f"The synthetic checkpoint takes {size / 1e9:.1f} GB and the disk has {free / 1e9:.1f} GB free.",
            "Free some space, ask for a smaller --size, or set CADRE_HOME to another disk.",
        )


# --- what is in it ----------------------------------------------------------------------------------------


def _tensors(shape: Shape) -> Iterator[_Tensor]:
    yield from _quantized("model.embed_tokens", (_VOCABULARY, shape.hidden), spread=1.0)
    for layer in range(shape.layers):
        yield from _layer(shape, f"model.layers.{layer}")
    yield _vector("model.norm", shape.hidden)
    yield from _quantized("lm_head", (_VOCABULARY, shape.hidden))


def _layer(shape: Shape, path: str) -> Iterator[_Tensor]:
    query, keys = shape.heads * _HEAD_DIM, shape.kv_heads * _HEAD_DIM
    yield _vector(f"{path}.input_layernorm", shape.hidden)
    yield _vector(f"{path}.self_attn.q_norm", _HEAD_DIM)
    yield _vector(f"{path}.self_attn.k_norm", _HEAD_DIM)
    yield from _quantized(f"{path}.self_attn.q_proj", (query, shape.hidden))
    yield from _quantized(f"{path}.self_attn.k_proj", (keys, shape.hidden))
    yield from _quantized(f"{path}.self_attn.v_proj", (keys, shape.hidden))
    yield from _quantized(f"{path}.self_attn.o_proj", (shape.hidden, query))
    yield _vector(f"{path}.post_attention_layernorm", shape.hidden)
    yield from _quantized(f"{path}.mlp.gate", (_EXPERTS, shape.hidden), bits=8)
    for projection in ("gate_proj", "up_proj"):
        yield from _quantized(f"{path}.mlp.switch_mlp.{projection}", (_EXPERTS, shape.width, shape.hidden))
    yield from _quantized(f"{path}.mlp.switch_mlp.down_proj", (_EXPERTS, shape.hidden, shape.width))


def _quantized(path: str, shape: tuple[int, ...], bits: int = 4, spread: float | None = None) -> Iterator[_Tensor]:
    *outer, inputs = shape
    spread = spread if spread is not None else 1 / math.sqrt(inputs)
    yield _Tensor(f"{path}.weight", "U32", (*outer, inputs * bits // 32), bits)
    for kind in ("scales", "biases"):
        yield _Tensor(f"{path}.{kind}", "F32", (*outer, inputs // _GROUP), bits, spread)


def _vector(path: str, length: int) -> _Tensor:
    return _Tensor(f"{path}.weight", "F32", (length,))


# --- writing ----------------------------------------------------------------------------------------------


def _write(folder: Path, shape: Shape, progress: Progress) -> None:
    shards = _shards(list(_tensors(shape)))
    total, done = total_bytes(shape), 0
    block: Words = np.random.default_rng(VERSION).integers(0, 1 << 32, _BLOCK, np.uint32)
    weight_map: dict[str, str] = {}
    for number, tensors in enumerate(shards, 1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors" if len(shards) > 1 else "model.safetensors"
        weight_map |= {tensor.name: name for tensor in tensors}
        with (folder / name).open("wb") as file:
            file.write(_header(tensors))
            for tensor in tensors:
                for piece in _content(tensor, block):
                    file.write(piece.data)
                    done += piece.nbytes
                    progress(done, total)
            file.flush()
            os.fsync(file.fileno())
    if len(shards) > 1:
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    config = shape.config(tiny_tokenizer(folder, _VOCABULARY))
    (folder / "chat_template.jinja").unlink()  # so that a prompt can be as short as a measurement needs it
    unfinished = folder / "config.json.tmp"
    unfinished.write_text(json.dumps(config, indent=2), encoding="utf-8")
    unfinished.replace(folder / "config.json")


def _shards(tensors: Sequence[_Tensor]) -> list[list[_Tensor]]:
    """Files of at most 5 GB, as mlx-lm cuts them."""
    shards: list[list[_Tensor]] = [[]]
    filled = 0
    for tensor in tensors:
        if shards[-1] and filled + tensor.nbytes > _SHARD:
            shards.append([])
            filled = 0
        shards[-1].append(tensor)
        filled += tensor.nbytes
    return shards


def _header(tensors: Sequence[_Tensor]) -> bytes:
    """Not padded, as MLX writes it: data begins at any byte, so readers get no alignment as a present."""
    entries: dict[str, Any] = {"__metadata__": {"format": "mlx"}}
    at = 0
    for tensor in tensors:
        offsets = [at, at + tensor.nbytes]
        entries[tensor.name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": offsets}
        at += tensor.nbytes
    header = json.dumps(entries, separators=(",", ":")).encode()
    return len(header).to_bytes(8, "little") + header


def _content(tensor: _Tensor, block: Words) -> Iterator[npt.NDArray[Any]]:
    """The tensor in pieces. Its own place in the block, so that layers differ and the same size gives the same bytes.

    Words are uniform, so a weight scale * q + bias with bias = -scale * (2^bits - 1) / 2 has mean 0 and the
    deviation scale * sqrt((4^bits - 1) / 12). Scales vary by half around that.
    """
    count = math.prod(tensor.shape)
    if not tensor.bits:
        yield np.full(count, tensor.spread, np.float32)
        return
    start = zlib.crc32(tensor.name.rpartition(".")[0].encode())  # scales and biases share it
    for at in range(0, count, _PIECE // 4):
        words = _tiled(block, start + at, min(_PIECE // 4, count - at))
        if tensor.dtype == "U32":
            yield words
            continue
        scale = tensor.spread / math.sqrt((4**tensor.bits - 1) / 12)
        scales = ((0.5 + words.astype(np.float32) / np.float32(1 << 32)) * np.float32(scale)).astype(np.float32)
        yield scales if tensor.name.endswith("scales") else -scales * np.float32((2**tensor.bits - 1) / 2)


def _tiled(block: Words, start: int, count: int) -> Words:
    """`count` words of the endlessly repeated block, from `start` on."""
    at = start % len(block)
    pieces = []
    while count > 0:
        piece = block[at : at + count]
        pieces.append(piece)
        count -= len(piece)
        at = 0
    return np.concatenate(pieces)
