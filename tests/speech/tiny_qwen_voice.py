"""A Qwen3-TTS with voices of its own, of the published layout, made by mlx-audio's own classes, tiny and random. Test
support.

Weights, tokenizer and generation_config.json in the folder, the codec in speech_tokenizer/ with its codebooks as sums
and counts. A frame of the codec is shorter than the published 1,920 samples.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx.utils import tree_flatten
from mlx_audio.tts.models.qwen3_tts import Model, ModelConfig
from mlx_audio.tts.models.qwen3_tts.config import Qwen3TTSTokenizerConfig
from mlx_audio.tts.models.qwen3_tts.speech_tokenizer import Qwen3TTSSpeechTokenizer
from tokenizers import Tokenizer, models, pre_tokenizers

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.!?'-\n$"
_SPECIAL = ("<|im_start|>", "<|im_end|>", "<tts_pad>", "<tts_bos>", "<tts_eos>", "assistant", "[UNK]")
FRAME = 4 * 2 * 2
_CODES, _GROUPS = 64, 4
_VOCABULARY = _CODES + 1_024  # as published: what is no code of the codec is never sampled, but for the end
_EOS = 102
_END = 6.0
"""How much more than other codes the end is wanted or not."""


def config() -> dict[str, Any]:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    heads = {"num_key_value_heads": 1, "head_dim": 16, "num_code_groups": _GROUPS}
    return {
        "model_type": "qwen3_tts",
        "tts_model_type": "custom_voice",
        "tts_model_size": "0b6",
        "im_start_token_id": 0,
        "im_end_token_id": 1,
        "tts_pad_token_id": 2,
        "tts_bos_token_id": 3,
        "tts_eos_token_id": 4,
        "talker_config": {
            **sizes,
            **heads,
            "vocab_size": _VOCABULARY,
            "text_hidden_size": 32,
            "text_vocab_size": len(_SPECIAL) + len(LETTERS),
            "rope_scaling": {"interleaved": True, "mrope_section": [4, 2, 2], "rope_type": "default"},
            "codec_pad_id": 100,
            "codec_bos_id": 101,
            "codec_eos_token_id": _EOS,
            "codec_think_id": 103,
            "codec_nothink_id": 104,
            "codec_think_bos_id": 105,
            "codec_think_eos_id": 106,
            "codec_language_id": {"english": 107, "chinese": 108},
            "spk_id": {"vivian": 109, "ryan": 110},
            "spk_is_dialect": {"vivian": False, "ryan": False},
            "code_predictor_config": {**sizes, **heads, "vocab_size": _CODES},
        },
    }


def codec_config() -> dict[str, Any]:
    return {
        "model_type": "qwen3_tts_tokenizer_12hz",
        "decode_upsample_rate": FRAME,
        "encoder_config": {"num_hidden_layers": 2},
        "decoder_config": {
            "latent_dim": 32,
            "codebook_dim": 160,  # mlx-audio tells layouts apart by widths above 64
            "codebook_size": _CODES,
            "decoder_dim": 144,
            "hidden_size": 32,
            "intermediate_size": 64,
            "head_dim": 16,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "num_hidden_layers": 2,
            "num_quantizers": _GROUPS,
            "upsample_rates": [4],
            "upsampling_ratios": [2, 2],
        },
    }


def make_qwen_voice(folder: Path, seed: int = 0) -> Path:
    codec = folder / "speech_tokenizer"
    codec.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    (folder / "config.json").write_text(json.dumps(config()))
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.9, "top_k": 50, "top_p": 1.0}))
    weights = _drawn(Model(ModelConfig.from_dict(config())), rng, 1.2)
    head = np.array(weights["talker.codec_head.weight"])
    head[_EOS] *= _END
    weights["talker.codec_head.weight"] = mx.array(head)
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
    _write_tokenizer(folder)
    (codec / "config.json").write_text(json.dumps(codec_config()))
    decoding = codec_config() | {"encoder_config": None}
    del decoding["model_type"]
    made = _drawn(Qwen3TTSSpeechTokenizer(Qwen3TTSTokenizerConfig(**decoding)), rng, 0.6)
    mx.save_safetensors(str(codec / "model.safetensors"), _as_published(made))
    return folder


def _as_published(weights: dict[str, mx.array]) -> dict[str, mx.array]:
    """Codebooks as sums and counts; beside them a part of the encoder, which is not wanted."""
    books = {name: value for name, value in weights.items() if name.endswith(".codebook.embed.weight")}
    others = {name: value for name, value in weights.items() if name not in books}
    for name, value in books.items():
        base = name.removesuffix(".codebook.embed.weight")
        others[f"{base}._codebook.embedding_sum"] = value * 2
        others[f"{base}._codebook.cluster_usage"] = mx.full((value.shape[0],), 2.0)
    return others | {"encoder.encoder.layers.0.conv.weight": mx.zeros((4, 1, 7))}


def _drawn(model: Any, rng: np.random.Generator, size: float) -> dict[str, mx.array]:
    def drawn(name: str, like: mx.array) -> mx.array:
        if "norm" in name or name.endswith(("gamma", "scale")):
            value = np.zeros(like.shape) if name.endswith("bias") else np.ones(like.shape)
        elif len(like.shape) == 1:
            value = np.zeros(like.shape)
        else:
            value = rng.standard_normal(like.shape) * size / np.sqrt(np.prod(like.shape[1:]))
        return mx.array(value.astype(np.float32))

    shapes: Any = tree_flatten(model.parameters())
    return {name: drawn(name, value) for name, value in shapes}


def _write_tokenizer(folder: Path) -> None:
    vocabulary = {token: number for number, token in enumerate([*_SPECIAL, *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|im_end|>", "unk_token": "[UNK]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))
