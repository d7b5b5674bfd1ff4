"""The encoders of models that see or hear in the width and depth they are published with. Plain data.

Before a language part that is as wide as the published one, since its width is the encoder's output, but has a few
small layers. gemma-4-26B-A4B's numbers are its config.json's; those of Qwen3-VL-30B-A3B, Qwen3.5-35B-A3B,
Qwen3-Omni-30B-A3B, Kimi-VL-A3B, GLM-4.5V and Llama-4-Scout are what mlx-vlm's and transformers' classes take when a
file says nothing, as far as they have them, and were not compared with the published files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.lab.families import Config
from engine.lab.sighted_families import SIGHTED, SightedFamily

_SO400M: Config = {"hidden_size": 1152, "intermediate_size": 4304}
_QWEN: Config = {
    **_SO400M,
    "depth": 27,
    "num_heads": 16,
    "out_hidden_size": 2048,
    "patch_size": 16,
    "num_position_embeddings": 2304,
}
_QWEN_PICTURES: Config = {"patch_size": 16, "merge_size": 2, "temporal_patch_size": 2}


@dataclass(frozen=True)
class Published:
    """width: of the language part. vision, audio: what replaces the tiny configs' own.
    files: the processor's. largest: width and height of a picture that fills what the processor lets pass.
    depth: the key of the vision config that says how many layers there are.
    """

    width: int
    vision: Config
    files: Mapping[str, Config]
    largest: tuple[int, int]
    depth: str = "depth"
    audio: Config = field(default_factory=dict)
    text: Config = field(default_factory=dict)


PUBLISHED: Mapping[str, Published] = {
    "gemma4": Published(
        2816,
        {
            **_SO400M,
            "num_hidden_layers": 27,
            "num_attention_heads": 16,
            "num_key_value_heads": 16,
            "head_dim": 72,
            "global_head_dim": 72,
            "patch_size": 16,
            "pooling_kernel_size": 3,
            "position_embedding_size": 10240,
            "default_output_length": 280,
            "standardize": True,
        },
        {
            "processor_config.json": {
                "image_processor": {"patch_size": 16, "pooling_kernel_size": 3, "max_soft_tokens": 280}
            }
        },
        largest=(960, 672),
        depth="num_hidden_layers",
    ),
    "glm4v_moe": Published(
        4096,
        {
            "depth": 24,
            "hidden_size": 1536,
            "intermediate_size": 10944,
            "num_heads": 12,
            "out_hidden_size": 4096,
            "patch_size": 14,
            "image_size": 336,
        },
        {
            "preprocessor_config.json": {
                "image_processor_type": "Glm4vImageProcessor",
                "patch_size": 14,
                "merge_size": 2,
                "temporal_patch_size": 2,
                "size": {"shortest_edge": 12544, "longest_edge": 9633792},
            }
        },
        largest=(2184, 2184),
    ),
    "kimi_vl": Published(
        2048,
        {
            **_SO400M,
            "depth": 27,
            "embed_dim": 1152,
            "num_heads": 16,
            "patch_size": 14,
            "init_pos_emb_height": 64,
            "init_pos_emb_width": 64,
        },
        {},
        largest=(896, 896),
    ),
    "llama4": Published(
        5120,
        {
            "hidden_size": 1408,
            "image_size": 336,
            "intermediate_size": 5632,
            "num_attention_heads": 16,
            "num_hidden_layers": 34,
            "patch_size": 14,
            "projector_input_dim": 4096,
            "projector_output_dim": 4096,
            "vision_output_dim": 4096,
        },
        {"preprocessor_config.json": {"size": {"height": 336, "width": 336}, "max_patches": 16}},
        largest=(4096, 256),
        depth="num_hidden_layers",
        text={"attention_chunk_size": 8192},
    ),
    "qwen3_5_moe": Published(
        2048,
        _QWEN,
        {
            "processor_config.json": {
                "image_processor": {**_QWEN_PICTURES, "size": {"shortest_edge": 65536, "longest_edge": 16777216}}
            }
        },
        largest=(4096, 4096),
    ),
    "qwen3_omni_moe": Published(
        2048,
        {**_QWEN, "deepstack_visual_indexes": [8, 16, 24]},
        {
            "preprocessor_config.json": {
                **_QWEN_PICTURES,
                "size": {"shortest_edge": 3136, "longest_edge": 12845056},
                "feature_extractor_type": "WhisperFeatureExtractor",
                "feature_size": 128,
                "chunk_length": 300,
                "return_attention_mask": True,
            }
        },
        largest=(3584, 3584),
        audio={
            "d_model": 1280,
            "encoder_layers": 32,
            "num_hidden_layers": 32,
            "encoder_attention_heads": 20,
            "encoder_ffn_dim": 5120,
            "num_mel_bins": 128,
            "output_dim": 2048,
            "downsample_hidden_size": 480,
        },
    ),
    "qwen3_vl_moe": Published(
        2048,
        {**_QWEN, "deepstack_visual_indexes": [8, 16, 24]},
        {
            "processor_config.json": {
                "image_processor": {**_QWEN_PICTURES, "size": {"shortest_edge": 65536, "longest_edge": 16777216}}
            }
        },
        largest=(4096, 4096),
    ),
}
"""By model type."""


def published(family: str, depth: int | None = None) -> SightedFamily:
    """The family with its encoders as published; depth: fewer layers of the encoders, each as wide."""
    tiny, real = SIGHTED[family], PUBLISHED[family]
    config = dict(tiny.config)
    within = dict(config.get("thinker_config", config))
    vision = within["vision_config"] | real.vision
    within["vision_config"] = vision if depth is None else _shallow(vision | {real.depth: depth}, depth)
    within["text_config"] = within["text_config"] | {"hidden_size": real.width} | real.text
    if real.audio:
        fewer = {} if depth is None else {"encoder_layers": depth, "num_hidden_layers": depth}
        within["audio_config"] = within["audio_config"] | real.audio | fewer
    config = config | {"thinker_config": within} if "thinker_config" in config else within
    return SightedFamily(config, real.files, tiny.picture, tiny.marks, tiny.sound, tiny.named)


def _shallow(vision: Config, layers: int) -> Config:
    """As many rows for later layers as published, from the last layers that are there."""
    later = len(vision.get("deepstack_visual_indexes") or [])
    return {**vision, "deepstack_visual_indexes": list(range(layers - later, layers))} if later else vision
