"""Small checkpoints with random weights, made with mlx-lm's own classes and saved as mlx-lm saves them.

They let every family be tested and tried without a download. The weights say nothing, but they route: the
spreads keep hidden states near unit size and router logits near unit spread, so that tokens want different
experts. Knows nothing of the engine: what reads these folders cannot tell them from downloaded ones.
Uses MLX in the thread that calls it, and seeds MLX's global random state.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import zlib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
from mlx import nn
from mlx.utils import tree_flatten, tree_map_with_path, tree_unflatten

from engine.lab.families import FAMILIES, SELECTION_BIAS, SELECTION_BIAS_OF, VOCABULARY, Config
from engine.lab.tiny_tokenizer import tiny_tokenizer

_mlx_lm: Any = mlx_lm.utils  # carries no types

# What gather_qmm of mlx 0.32.4 takes on the CPU; group sizes are the smallest of each mode.
QUANTIZATIONS: dict[str, dict[str, Any]] = {
    **{f"affine{bits}": {"bits": bits, "group_size": 32, "mode": "affine"} for bits in (1, 2, 3, 4, 5, 6, 8)},
    "mxfp4": {"bits": 4, "group_size": 32, "mode": "mxfp4"},
    "mxfp8": {"bits": 8, "group_size": 32, "mode": "mxfp8"},
    "nvfp4": {"bits": 4, "group_size": 16, "mode": "nvfp4"},
}

_SELECTION_BIASES = ("e_score_correction_bias", "expert_bias", "router_bias")
_KEPT = ("A_log",)  # recurrent decay rates: the classes set them to values that are stable
_VECTOR_SPREAD = 0.2
_EMBEDDING_SPREAD = 0.7
_TIED_SPREAD = 0.08  # smaller, or a tied head only repeats the token it was given


@dataclass(frozen=True)
class _Spreads:
    """Standard deviations of what is drawn otherwise than by the number of inputs."""

    selection_bias: float
    embeddings: AbstractSet[str]  # paths of the embedding matrices
    embedding: float


def make_checkpoint(
    folder: Path,
    family: str,
    *,
    quantization: Mapping[str, Any] | None = None,
    dtype: str = "float32",
    seed: int = 0,
    shards: int = 1,
    overrides: Mapping[str, Any] | None = None,
) -> Path:
    """Write a random checkpoint of `family` (a key of `FAMILIES`) into `folder` and return the folder.

    quantization: what mlx-lm's `quantize_model` takes (`QUANTIZATIONS`), or None for none. As in a conversion
      every layer that can be quantised is, with the family's own exceptions (8-bit routers). nvfp4 with
      `global_scale` can be written anywhere and needs a GPU to run.
    dtype: of what is not quantised, and of affine scales: float32 (fastest on a CPU), bfloat16 or float16.
      Unquantised experts run on a CPU in float32 only.
    overrides: replaces keys of the family's configuration; of its `text_config` where it has one.
    The same arguments give the same bytes. `config.json` comes last: a folder without one is unfinished.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = _overridden(FAMILIES[family], overrides or {})
    config |= tiny_tokenizer(folder, _text(config)["vocab_size"]) | {"torch_dtype": dtype}
    mx.random.seed(seed)
    model = _random_model(config, seed, SELECTION_BIAS_OF.get(family, SELECTION_BIAS))
    _cast(model, getattr(mx, dtype))
    if quantization is not None:
        model, config = _quantized(model, config, quantization)
    _save_weights(folder, model, shards)
    (folder / "README.md").write_text(_readme(family), encoding="utf-8")
    _mlx_lm.save_config(config, folder / "config.json")
    return folder


def _overridden(config: Config, overrides: Mapping[str, Any]) -> Config:
    copy: Config = json.loads(json.dumps(config))
    _text(copy).update(overrides)
    return copy


def _text(config: Config) -> Config:
    text: Config = config.get("text_config", config)
    return text


def _random_model(config: Config, seed: int, selection_bias: float) -> Any:
    model_class, args_class = _mlx_lm._get_classes(config)
    return randomised(model_class(args_class.from_dict(json.loads(json.dumps(config)))), seed, selection_bias)


def randomised(model: Any, seed: int, selection_bias: float = SELECTION_BIAS) -> Any:
    """The model with every parameter drawn anew, evaluated."""
    own = dict(tree_flatten(model.parameters()))
    embeddings = {f"{path}.weight" for path, module in model.named_modules() if isinstance(module, nn.Embedding)}
    spreads = _Spreads(selection_bias, embeddings, _EMBEDDING_SPREAD if _has_head(own) else _TIED_SPREAD)
    drawn = [(path, _random(path, value, _key(seed, path), spreads)) for path, value in own.items()]
    model.update(tree_unflatten(drawn))
    model.eval()
    mx.eval(model.parameters())
    return model


def _has_head(parameters: Mapping[str, mx.array]) -> bool:
    return any("lm_head" in path for path in parameters)


def _key(seed: int, path: str) -> mx.array:
    return mx.random.key((seed << 32) | zlib.crc32(path.encode()))


def _random(path: str, value: mx.array, key: mx.array, spreads: _Spreads) -> mx.array:
    """A matrix that keeps the size of what it is multiplied with, or a vector near the class's own value."""
    name = path.rsplit(".", 1)[-1]
    if name in _KEPT or not mx.issubdtype(value.dtype, mx.floating):
        return value
    noise = mx.random.normal(value.shape, key=key)
    if name in _SELECTION_BIASES:
        return (value + spreads.selection_bias * noise).astype(value.dtype)
    if value.ndim < 2 or name == "bias":
        return (value + _VECTOR_SPREAD * noise).astype(value.dtype)
    if path in spreads.embeddings:
        return (spreads.embedding * noise).astype(value.dtype)
    fan_in = value.shape[1] * value.shape[2] if "conv" in path and value.ndim == 3 else value.shape[-1]
    return (noise / math.sqrt(fan_in)).astype(value.dtype)


def _cast(model: Any, dtype: mx.Dtype) -> None:
    """As mlx_lm.convert does: a family may keep some parameters in float32 (its `cast_predicate`)."""
    wanted = getattr(model, "cast_predicate", lambda _path: True)

    def cast(path: str, value: mx.array) -> mx.array:
        return value.astype(dtype) if wanted(path) and mx.issubdtype(value.dtype, mx.floating) else value

    model.update(tree_map_with_path(cast, model.parameters()))


def _quantized(model: Any, config: Config, quantization: Mapping[str, Any]) -> tuple[Any, Config]:
    with contextlib.redirect_stdout(io.StringIO()):  # mlx-lm prints the bits per weight
        quantized: tuple[Any, Config] = _mlx_lm.quantize_model(model, config, **quantization)
    return quantized


def _save_weights(folder: Path, model: Any, shards: int) -> None:
    """One file by mlx-lm's own function, or `shards` files of about the same size beside their index."""
    if shards == 1:
        _mlx_lm.save_model(folder, model)
        return
    weights: dict[str, mx.array] = dict(tree_flatten(model.parameters()))
    total = sum(value.nbytes for value in weights.values())
    parts: list[dict[str, mx.array]] = [{} for _ in range(shards)]
    written = 0
    for path, value in weights.items():
        parts[min(written * shards // total, shards - 1)][path] = value
        written += value.nbytes
    weight_map: dict[str, str] = {}
    for number, part in enumerate(parts, 1):
        name = f"model-{number:05d}-of-{shards:05d}.safetensors"
        mx.save_safetensors(str(folder / name), part, metadata={"format": "mlx"})
        weight_map |= dict.fromkeys(part, name)
    metadata = {"total_size": total, "total_parameters": _mlx_lm.get_total_parameters(model)}
    index = {"metadata": metadata, "weight_map": dict(sorted(weight_map.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=4), encoding="utf-8")


def _readme(family: str) -> str:
    return (
        "---\nlibrary_name: mlx\n---\n# Random weights\n\n"
        f"A small {family} checkpoint whose weights are random numbers: it answers nonsense.\n"
        "Cadre made it, to try and to test the program without a download.\n"
    )


__all__ = ["QUANTIZATIONS", "VOCABULARY", "make_checkpoint", "tiny_tokenizer"]
