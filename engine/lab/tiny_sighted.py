"""Small checkpoints that see, with random weights, made with mlx-vlm's own classes and laid out as it lays them out.

Like `tiny.py`, which makes those that only read. Uses MLX in the thread that calls it.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten
from tokenizers import AddedToken, Tokenizer

from engine.lab.families import EXPERTS, TOP_K, VOCABULARY, WINDOW, Config
from engine.lab.tiny import randomised
from engine.lab.tiny_tokenizer import tiny_tokenizer

_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}PICTURE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_GEMMA4: Config = {
    "model_type": "gemma4",
    "audio_config": None,
    "text_config": {
        "model_type": "gemma4_text",
        "hidden_size": 64,
        "intermediate_size": 128,
        "moe_intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "num_global_key_value_heads": 1,
        "attention_k_eq_v": True,
        "head_dim": 16,
        "global_head_dim": 32,
        "num_experts": EXPERTS,
        "top_k_experts": TOP_K,
        "enable_moe_block": True,
        "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 0,
        "use_double_wide_mlp": False,
        "use_bidirectional_attention": "vision",
        "sliding_window": WINDOW,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "final_logit_softcapping": 30.0,
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
    },
    "vision_config": {
        "model_type": "gemma4_vision",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "global_head_dim": 16,
        "patch_size": 4,
        "pooling_kernel_size": 2,
        "position_embedding_size": 64,
        "default_output_length": 16,
    },
}
_QWEN3_VL: Config = {
    "model_type": "qwen3_vl_moe",
    "text_config": {
        "model_type": "qwen3_vl_moe_text",
        "hidden_size": 64,
        "intermediate_size": 128,
        "moe_intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "num_experts": EXPERTS,
        "num_experts_per_tok": TOP_K,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "norm_topk_prob": True,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "rope_scaling": {"rope_type": "default", "mrope_interleaved": True, "mrope_section": [4, 2, 2]},
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
    },
    "vision_config": {
        "model_type": "qwen3_vl_moe",
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": 64,
        "num_heads": 2,
        "patch_size": 4,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0, 1],
    },
}
_QWEN3_5: Config = {
    "model_type": "qwen3_5_moe",
    "text_config": {
        "model_type": "qwen3_5_moe_text",
        "hidden_size": 64,
        "moe_intermediate_size": 64,
        "shared_expert_intermediate_size": 64,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "linear_num_value_heads": 4,
        "linear_num_key_heads": 2,
        "linear_key_head_dim": 16,
        "linear_value_head_dim": 16,
        "linear_conv_kernel_dim": 4,
        "full_attention_interval": 2,
        "num_experts": EXPERTS,
        "num_experts_per_tok": TOP_K,
        "norm_topk_prob": True,
        "rms_norm_eps": 1e-6,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_interleaved": True,
            "mrope_section": [4, 2, 2],
            "rope_theta": 10000.0,
            "partial_rotary_factor": 0.5,
        },
        "max_position_embeddings": 4096,
        "tie_word_embeddings": False,
    },
    "vision_config": _QWEN3_VL["vision_config"] | {"model_type": "qwen3_5_moe", "deepstack_visual_indexes": []},
}


@dataclass(frozen=True)
class _Family:
    """picture: how the chat template marks one. marks: tokens, by their name in the tokenizer and in config.json."""

    config: Config
    processor: Config
    picture: str
    marks: Mapping[str, str]


_QWEN_PROCESSOR: Config = {
    "image_processor": {
        "patch_size": 4,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 256, "longest_edge": 1536},
    }
}
_QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
_QWEN_MARKS = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
SIGHTED: Mapping[str, _Family] = {
    "gemma4": _Family(
        _GEMMA4,
        {"image_processor": {"patch_size": 4, "pooling_kernel_size": 2, "max_soft_tokens": 16}},
        "<|image|>",
        {"image_token": "<|image|>", "boi_token": "<|image>", "eoi_token": "<image|>", "video_token": "<|video|>"},
    ),
    "qwen3_5_moe": _Family(_QWEN3_5, _QWEN_PROCESSOR, _QWEN_PICTURE, _QWEN_MARKS),
    "qwen3_vl_moe": _Family(_QWEN3_VL, _QWEN_PROCESSOR, _QWEN_PICTURE, _QWEN_MARKS),
}


def make_sighted_checkpoint(
    folder: Path,
    family: str,
    *,
    seed: int = 0,
    quantization: Mapping[str, Any] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Path:
    """Write a random checkpoint of `family` (a key of `SIGHTED`) into `folder`, in float32, and return the folder.

    quantization: of the language part, as mlx-vlm converts; the encoder stays as it is. overrides: replaces keys of
    the family's `text_config`. `config.json` comes last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = SIGHTED[family]
    config: Config = json.loads(json.dumps(made.config))
    config["text_config"] |= dict(overrides or {})
    config |= _tokenizer(folder, made) | {"torch_dtype": "float32"}
    config["text_config"]["vocab_size"] = config["vocab_size"]
    mx.random.seed(seed)
    model = randomised(_model(config), seed)
    if quantization is not None:
        nn.quantize(model, **quantization, class_predicate=_in_language_part)
        config["quantization"] = dict(quantization)
    weights = dict(tree_flatten(model.parameters()))
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    (folder / "processor_config.json").write_text(json.dumps(made.processor, indent=2), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")  # mlx-lm's would drop the eyes
    return folder


def _model(config: Config) -> Any:
    family: Any = importlib.import_module(f"mlx_vlm.models.{config['model_type']}")
    made = family.ModelConfig.from_dict(json.loads(json.dumps(config)))
    made.text_config = family.TextConfig.from_dict(dict(config["text_config"]))
    made.vision_config = family.VisionConfig.from_dict(dict(config["vision_config"]))
    return family.Model(made)


def _in_language_part(path: str, module: Any) -> bool:
    return path.startswith("language_model.") and hasattr(module, "to_quantized")


def _tokenizer(folder: Path, family: _Family) -> dict[str, int]:
    """The tiny tokenizer with marks for pictures; returns what config.json names."""
    ids = tiny_tokenizer(folder, VOCABULARY)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in family.marks.values()])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["extra_special_tokens"] = dict(family.marks)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    template = _TEMPLATE.replace("PICTURE", family.picture)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    known = tokenizer.get_vocab()
    return ids | {f"{name}_id": known[mark] for name, mark in family.marks.items()} | {"vocab_size": len(known)}
