"""A Soprano of the true published layout, made by mlx-audio's own classes, tiny and random. Test support.

Config and tokenizer are those of a Qwen3, as published; the decoder has one of the two published first layers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_audio.tts.models.soprano import DecoderConfig, Model, ModelConfig
from tokenizers import Tokenizer, models, pre_tokenizers

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 .,!?'-"
_SPECIAL = ("[STOP]", "[TEXT]", "[START]")
_STOP = 2.0
"""How much more than other tokens the end is wanted or not."""


def config() -> dict[str, Any]:
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "intermediate_size": 64,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "rms_norm_eps": 1e-6,
        "vocab_size": 64,
        "max_position_embeddings": 1024,
        "rope_theta": 10_000.0,
        "tie_word_embeddings": False,
    }


def make_soprano(folder: Path, *, kernel: int = 3, seed: int = 0) -> Path:
    """kernel: of the decoder's first layer; 3 in the first published one, 1 in 1.1."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config()))
    mx.save_safetensors(str(folder / "model.safetensors"), _weights(kernel, seed))
    _write_tokenizer(folder)
    return folder


def _weights(kernel: int, seed: int) -> dict[str, mx.array]:
    """Of such sizes that the sound depends on the text, and ends at some point."""
    rng = np.random.default_rng(seed)
    made = ModelConfig.from_dict(config())
    made.decoder_config = DecoderConfig(
        decoder_num_layers=2, decoder_dim=16, decoder_intermediate_dim=48, input_kernel=kernel
    )
    shapes: Any = tree_flatten(Model(made).parameters())

    def drawn(name: str, like: mx.array) -> mx.array:
        if "norm" in name or name.endswith("gamma"):
            value = np.zeros(like.shape) if name.endswith("bias") else np.ones(like.shape)
        elif name.endswith("bias"):
            value = np.zeros(like.shape)
        else:
            value = rng.standard_normal(like.shape) * 1.5 / np.sqrt(np.prod(like.shape[1:]))
        return mx.array(value.astype(np.float32))

    weights = {name: drawn(name, value) for name, value in shapes}
    head = np.array(weights["language_model.lm_head.weight"])
    head[0] *= _STOP
    weights["language_model.lm_head.weight"] = mx.array(head)
    return weights


def _write_tokenizer(folder: Path) -> None:
    vocabulary = {token: number for number, token in enumerate([*_SPECIAL, "[UNK]", *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens([*_SPECIAL, "[UNK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "[STOP]", "pad_token": "[STOP]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind | {"unk_token": "[UNK]"}))
