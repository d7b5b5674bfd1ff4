"""glm4v_moe: pictures by grid as Qwen's, without rows for later layers; none of them has to be hidden from another."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import mlx.core as mx

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Kind, Part, attention_cost
from engine.vision.kinds.qwen import pictures_by_grid, positions_by_grid


def _encode(model: Any, _sense: Sense, part: Part) -> Encoded:
    values = part.values.astype(model.vision_tower.patch_embed.proj.weight.dtype)
    return (model.vision_tower(values, part.grid),)


def _most_pixels(image_processor: Any) -> int:
    """Its limit counts a picture as the two frames of a film that it becomes."""
    return int(image_processor.size.longest_edge) // int(image_processor.temporal_patch_size)


def _cost(config: Any, _sense: Sense, part: Part) -> int:
    """Within a block it widens to as much as it puts out; `intermediate_size` is that of the last step, for one patch
    in four.
    """
    vision = config.vision_config
    inner = max(vision.out_hidden_size, vision.intermediate_size // vision.spatial_merge_size**2)
    return attention_cost(vision.hidden_size, inner, vision.num_heads, part.size)


def _rotated(given: mx.array, rotary_pos_emb: mx.array) -> mx.array:
    vision: Any = import_module("mlx_vlm.models.glm4v_moe.vision")
    turned: mx.array = vision.apply_rotary_pos_emb_vision(given, rotary_pos_emb)
    return turned


def _let_pictures_pass_alone(model: Any) -> None:
    """mlx-vlm's blocks hide pictures from one another by a mask of all patches by all, made anew in every layer: of the
    largest picture 2.4 GB and its copies. Here each passes alone, and nothing is to be hidden.
    """
    for block in model.vision_tower.blocks:
        mlx_vlm: Any = type(block.attn)

        class Alone(mlx_vlm):  # type: ignore[misc]
            def __call__(self, x: mx.array, cu_seqlens: mx.array, rotary_pos_emb: mx.array) -> mx.array:
                size = x.shape[0]
                qkv = self.qkv(x).reshape(1, size, 3, self.num_heads, -1)
                q, k, v = (qkv[:, :, one] for one in range(3))
                q, k = (_rotated(one, rotary_pos_emb) for one in (q, k))
                q, k, v = (one.transpose(0, 2, 1, 3) for one in (q, k, v))
                seen = mx.fast.scaled_dot_product_attention(q, k, v, scale=self.scale)
                rows: mx.array = self.proj(seen.transpose(0, 2, 1, 3).reshape(size, -1))
                return rows

        block.attn.__class__ = Alone


GLM4V_MOE = Kind(
    processor=("mlx_vlm.models.glm4v_moe.processing", "Glm46VMoEProcessor"),
    parts=pictures_by_grid,
    encode=_encode,
    cost=_cost,
    mend=_let_pictures_pass_alone,
    most_pixels=_most_pixels,
    positions=positions_by_grid,
)
