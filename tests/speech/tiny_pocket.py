"""A Pocket TTS of the published layout, made by mlx-audio's own classes, tiny and random. Test support.

The folder is that of a packaged one: config, weights, tokenizer.json, and somebody's voice in embeddings/.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_audio.tts.models.pocket_tts import Model, ModelConfig
from tokenizers import Tokenizer, models, pre_tokenizers

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,'-"
_MARKS = (".", "!", "...", "?")
_WIDTH = 32


def config() -> dict[str, Any]:
    """eos_threshold is set so that random weights come to an end."""
    return {
        "model_type": "pocket_tts",
        "eos_threshold": 1.0,
        "flow_lm": {
            "dtype": "float32",
            "flow": {"dim": 16, "depth": 2},
            "transformer": {"d_model": _WIDTH, "num_heads": 2, "num_layers": 2, "hidden_scale": 2, "max_period": 10000},
            "lookup_table": {
                "dim": _WIDTH,
                "n_bins": 1 + len(LETTERS) + len(_MARKS),
                "tokenizer": "huggingface",
                "tokenizer_path": "tokenizer.json",
            },
        },
        "mimi": {
            "dtype": "float32",
            "sample_rate": 24_000,
            "channels": 1,
            "frame_rate": 12.5,
            "seanet": {
                "dimension": 32,
                "channels": 1,
                "n_filters": 4,
                "n_residual_layers": 1,
                "ratios": [6, 5, 4],
                "kernel_size": 7,
                "residual_kernel_size": 3,
                "last_kernel_size": 3,
                "dilation_base": 2,
                "pad_mode": "constant",
                "compress": 2,
            },
            "transformer": {
                "d_model": 32,
                "num_heads": 2,
                "num_layers": 1,
                "layer_scale": 0.01,
                "context": 250,
                "dim_feedforward": 64,
                "input_dimension": 32,
                "output_dimensions": [32],
            },
            "quantizer": {"dimension": 8, "output_dimension": 32},
        },
    }


def make_pocket(folder: Path, *, voices: tuple[str, ...] = ("alba", "jean"), seed: int = 0) -> Path:
    (folder / "embeddings").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config()))
    _write_tokenizer(folder)
    rng = np.random.default_rng(seed)
    mx.save_safetensors(str(folder / "model.safetensors"), _weights(folder, rng))
    for voice in voices:
        prompt = mx.array(rng.standard_normal((1, 5, _WIDTH)).astype(np.float32))
        mx.save_safetensors(str(folder / "embeddings" / f"{voice}.safetensors"), {"audio_prompt": prompt})
    return folder


def _weights(folder: Path, rng: np.random.Generator) -> dict[str, mx.array]:
    shapes: Any = tree_flatten(Model(ModelConfig.from_dict(config() | {"model_path": str(folder)})).parameters())

    def drawn(name: str, like: mx.array) -> mx.array:
        if "norm" in name or name.endswith("bias"):
            value = np.ones(like.shape) if name.endswith(("weight", "alpha")) else np.zeros(like.shape)
        elif name.endswith("emb_std"):
            value = np.ones(like.shape)
        else:
            value = rng.standard_normal(like.shape) * 1.5 / np.sqrt(np.prod((1, *like.shape[1:])))
        return mx.array(value.astype(np.float32))

    return {name: drawn(name, value) for name, value in shapes}


def _write_tokenizer(folder: Path) -> None:
    vocabulary = {token: number for number, token in enumerate(["[UNK]", *_MARKS, *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
