"""Small configurations of models that see or hear, as they are published; `tiny_sighted.py` makes them. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.lab.families import EXPERTS, TOP_K, WINDOW, Config

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


_QWEN3_OMNI: Config = {
    "model_type": "qwen3_omni_moe",
    "enable_audio_output": False,
    "talker_config": {"text_config": _QWEN3_VL["text_config"] | {"vocab_size": 16}, "code_predictor_config": {}},
    "code2wav_config": {},
    "thinker_config": {
        "model_type": "qwen3_omni_moe_thinker",
        "text_config": _QWEN3_VL["text_config"] | {"model_type": "qwen3_omni_moe_text"},
        "vision_config": _QWEN3_VL["vision_config"] | {"model_type": "qwen3_omni_moe_vision_encoder"},
        "audio_config": {
            "model_type": "qwen3_omni_moe_audio_encoder",
            "d_model": 32,
            "encoder_layers": 2,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "num_hidden_layers": 2,
            "num_mel_bins": 16,
            "output_dim": 64,
            "downsample_hidden_size": 8,
            "conv_chunksize": 500,
            "n_window": 50,
            "n_window_infer": 800,
            "max_source_positions": 1500,
        },
    },
}
_PLAIN_TEXT: Config = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "moe_intermediate_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "num_experts_per_tok": TOP_K,
    "norm_topk_prob": True,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "max_position_embeddings": 4096,
    "tie_word_embeddings": False,
}
_KIMI_VL: Config = {
    "model_type": "kimi_vl",
    "text_config": {
        **_PLAIN_TEXT,
        "model_type": "deepseek_v3",
        "num_hidden_layers": 3,
        "num_key_value_heads": 4,
        "q_lora_rank": None,
        "kv_lora_rank": 64,
        "qk_rope_head_dim": 16,
        "qk_nope_head_dim": 16,
        "v_head_dim": 16,
        "n_routed_experts": EXPERTS,
        "n_shared_experts": 1,
        "first_k_dense_replace": 1,
        "n_group": 1,
        "topk_group": 1,
        "routed_scaling_factor": 1.5,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
    },
    "vision_config": {
        "model_type": "moonvit",
        "depth": 2,
        "embed_dim": 32,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "patch_size": 14,
        "init_pos_emb_height": 8,
        "init_pos_emb_width": 8,
        "merge_kernel_size": [2, 2],
    },
}
_GLM4V: Config = {
    "model_type": "glm4v_moe",
    "text_config": {
        **_PLAIN_TEXT,
        "model_type": "glm4v_moe_text",
        "num_hidden_layers": 3,
        "n_routed_experts": EXPERTS,
        "n_shared_experts": 1,
        "first_k_dense_replace": 1,
        "n_group": 1,
        "topk_group": 1,
        "routed_scaling_factor": 1.5,
        "use_qk_norm": False,
        "attention_bias": True,
        "partial_rotary_factor": 0.5,
        "rope_scaling": {"type": "default", "mrope_section": [2, 1, 1]},
    },
    "vision_config": {
        "model_type": "glm4v_moe_vision",
        "depth": 2,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": 64,
        "num_heads": 2,
        "patch_size": 4,
        "image_size": 32,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    },
}
_LLAMA4: Config = {
    "model_type": "llama4",
    "text_config": {
        **_PLAIN_TEXT,
        "model_type": "llama4_text",
        "num_hidden_layers": 4,
        "attention_chunk_size": WINDOW,
        "interleave_moe_layer_step": 2,
        "intermediate_size": 64,
        "intermediate_size_mlp": 128,
        "num_experts_per_tok": 1,
        "num_local_experts": EXPERTS,
        "use_qk_norm": True,
        "rope_scaling": None,
    },
    "vision_config": {
        "model_type": "llama4_vision_model",
        "hidden_size": 32,
        "image_size": 56,
        "initializer_range": 0.02,
        "intermediate_size": 128,
        "norm_eps": 1e-5,
        "num_attention_heads": 2,
        "num_channels": 3,
        "num_hidden_layers": 2,
        "patch_size": 14,
        "pixel_shuffle_ratio": 0.5,
        "projector_dropout": 0.0,
        "projector_input_dim": 48,
        "projector_output_dim": 48,
        "rope_theta": 10000.0,
        "vision_feature_layer": -1,
        "vision_feature_select_strategy": "default",
        "vision_output_dim": 48,
    },
}


@dataclass(frozen=True)
class SightedFamily:
    """files: the processor's, by name, beside config.json. picture, sound: how the chat template marks one.
    marks: tokens, by their name in the tokenizer; `named`: where config.json names them otherwise.
    """

    config: Config
    files: Mapping[str, Config]
    picture: str
    marks: Mapping[str, str]
    sound: str = ""
    named: Mapping[str, str] = field(default_factory=dict)


_QWEN_PICTURES: Config = {
    "image_processor": {
        "patch_size": 4,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 256, "longest_edge": 1536},
    }
}
_QWEN_FILES = {"processor_config.json": _QWEN_PICTURES}
_OMNI_FILES = {
    "preprocessor_config.json": {
        **_QWEN_PICTURES["image_processor"],
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": 16,
        "chunk_length": 30,
        "return_attention_mask": True,
    }
}
_GLM_FILES = {
    "preprocessor_config.json": {
        "image_processor_type": "Glm4vImageProcessor",
        "patch_size": 4,
        "merge_size": 2,
        "temporal_patch_size": 2,
        "size": {"shortest_edge": 512, "longest_edge": 3072},
    }
}
_QWEN_PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
_QWEN_MARKS = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "vision_start_token": "<|vision_start|>",
    "vision_end_token": "<|vision_end|>",
}
_OMNI_MARKS = {
    "image_token": "<|image_pad|>",
    "video_token": "<|video_pad|>",
    "audio_token": "<|audio_pad|>",
    "vision_bos_token": "<|vision_start|>",
    "vision_eos_token": "<|vision_end|>",
    "audio_bos_token": "<|audio_start|>",
    "audio_eos_token": "<|audio_end|>",
}
_OMNI_NAMED = {
    "vision_bos_token": "vision_start_token",
    "vision_eos_token": "vision_end_token",
    "audio_bos_token": "audio_start_token",
    "audio_eos_token": "audio_end_token",
}
_GLM_MARKS = {
    "image_token": "<|image|>",
    "video_token": "<|video|>",
    "vision_start_token": "<|begin_of_image|>",
    "vision_end_token": "<|end_of_image|>",
}
_LLAMA_MARKS = {
    "image_token": "<|patch|>",
    "whole_token": "<|image|>",
    "image_start_token": "<|image_start|>",
    "image_end_token": "<|image_end|>",
    "tile_x_token": "<|tile_x_separator|>",
    "tile_y_token": "<|tile_y_separator|>",
}
_GEMMA4_MEDIA = (
    {"processor_config.json": {"image_processor": {"patch_size": 4, "pooling_kernel_size": 2, "max_soft_tokens": 16}}},
    "<|image|>",
    {"image_token": "<|image|>", "boi_token": "<|image>", "eoi_token": "<image|>", "video_token": "<|video|>"},
)


def _without_experts(config: Config, model_type: str = "", **own: object) -> Config:
    """The dense model of the same kind."""
    text = {k: v for k, v in config["text_config"].items() if "expert" not in k and not k.startswith("moe_")}
    dense = {**config, "text_config": text | own}
    if model_type:
        text_type = {"model_type": f"{model_type}_text"}
        dense |= {"model_type": model_type, "text_config": dense["text_config"] | text_type}
        dense["vision_config"] = config["vision_config"] | {"model_type": model_type}
    return dense


SIGHTED: Mapping[str, SightedFamily] = {
    "gemma4": SightedFamily(_GEMMA4, *_GEMMA4_MEDIA),
    "glm4v_moe": SightedFamily(_GLM4V, _GLM_FILES, "<|begin_of_image|><|image|><|end_of_image|>", _GLM_MARKS),
    "kimi_vl": SightedFamily(
        _KIMI_VL,
        {},
        "<|media_start|>image<|media_content|><|media_pad|><|media_end|>",
        {"media_placeholder_token": "<|media_pad|>", "media_start": "<|media_start|>", "media_end": "<|media_end|>"},
    ),
    "llama4": SightedFamily(
        _LLAMA4,
        {"preprocessor_config.json": {"size": {"height": 56, "width": 56}, "max_patches": 4}},
        "<|image|>",
        _LLAMA_MARKS,
    ),
    "qwen3_5_moe": SightedFamily(_QWEN3_5, _QWEN_FILES, _QWEN_PICTURE, _QWEN_MARKS),
    "qwen3_omni_moe": SightedFamily(
        _QWEN3_OMNI,
        _OMNI_FILES,
        _QWEN_PICTURE,
        _OMNI_MARKS,
        sound="<|audio_start|><|audio_pad|><|audio_end|>",
        named=_OMNI_NAMED,
    ),
    "qwen3_vl_moe": SightedFamily(_QWEN3_VL, _QWEN_FILES, _QWEN_PICTURE, _QWEN_MARKS),
}
"""Mixtures of experts, by model type."""
DENSE: Mapping[str, SightedFamily] = {
    "gemma4+dense": SightedFamily(
        _without_experts(_GEMMA4, enable_moe_block=False, hidden_size_per_layer_input=32), *_GEMMA4_MEDIA
    ),
    "qwen3_5": SightedFamily(
        _without_experts(_QWEN3_5, "qwen3_5", intermediate_size=128), _QWEN_FILES, _QWEN_PICTURE, _QWEN_MARKS
    ),
    "qwen3_vl": SightedFamily(_without_experts(_QWEN3_VL, "qwen3_vl"), _QWEN_FILES, _QWEN_PICTURE, _QWEN_MARKS),
}
"""Models without experts, most by model type."""
