"""glm4v_moe: pictures by grid as Qwen's, without rows for later layers."""

from __future__ import annotations

from typing import Any

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Kind, Part
from engine.vision.kinds.qwen import picture_cost, pictures_by_grid, positions_by_grid


def _encode(model: Any, _sense: Sense, part: Part) -> Encoded:
    values = part.values.astype(model.vision_tower.patch_embed.proj.weight.dtype)
    return (model.vision_tower(values, part.grid),)


GLM4V_MOE = Kind(
    processor=("mlx_vlm.models.glm4v_moe.processing", "Glm46VMoEProcessor"),
    parts=pictures_by_grid,
    encode=_encode,
    cost=picture_cost,
    positions=positions_by_grid,
)
