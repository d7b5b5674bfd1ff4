"""kimi_vl: patches of any number of rows and columns, merged two by two; positions just count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlx.core as mx
import numpy as np

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Inputs, Kind, Part, Parts, attention_cost

_TURNS = 512 * 512
"""mlx-vlm computes the rotations of so many places whatever the picture's size."""


def _tokens(config: Any) -> Mapping[Sense, int]:
    return {Sense.SIGHT: int(config.image_token_index)}


def _parts(inputs: Inputs, _config: Any) -> Parts:
    grids = np.array(inputs["image_grid_hws"])
    counts = grids.prod(axis=-1)
    values = mx.split(mx.array(inputs["pixel_values"]), np.cumsum(counts)[:-1].tolist())
    parts = zip(values, counts, grids, strict=True)
    return {Sense.SIGHT: [Part(one, int(count), mx.array(grid)[None]) for one, count, grid in parts]}


def _encode(model: Any, _sense: Sense, part: Part) -> Encoded:
    hidden = model.vision_tower(part.values.transpose(0, 2, 3, 1), output_hidden_states=True, grid_thw=part.grid)
    return (model.multi_modal_projector(hidden),)


def _cost(config: Any, _sense: Sense, part: Part) -> int:
    vision = config.vision_config
    passing = attention_cost(vision.embed_dim, vision.intermediate_size, vision.num_heads, part.size)
    return passing + _TURNS * 12 * vision.embed_dim // vision.num_heads


def _read_pixels_at_once(processor: Any) -> None:
    """mlx-vlm's makes a Python number of every pixel, which takes seconds and a hundred times the memory."""
    mlx_vlm: Any = type(processor.image_processor)

    class AtOnce(mlx_vlm):  # type: ignore[misc]
        def to_mlx(self, image: Any) -> mx.array:
            return mx.array(np.asarray(image.convert("RGB")), mx.float32).transpose(2, 0, 1) / 255.0

    processor.image_processor.__class__ = AtOnce


KIMI_VL = Kind(
    processor=("mlx_vlm.models.kimi_vl.processing_kimi_vl", "KimiVLProcessor"),
    tokens=_tokens,
    parts=_parts,
    encode=_encode,
    cost=_cost,
    mend_processor=_read_pixels_at_once,
    mark="<|media_pad|>",
)
