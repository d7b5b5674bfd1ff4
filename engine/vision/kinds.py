"""How each kind of mlx-vlm's models takes pictures: what its encoder gets, what its language part gets beside the rows.

A table of small classes; what all kinds share is in `eyes.py`. Engine thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import mlx.core as mx
import numpy as np

Encoded = tuple[mx.array, ...]
"""A picture's rows [n, D] for the first layer, and for the kinds that have them, rows added after later layers."""


@dataclass(frozen=True)
class Pixels:
    """One picture as the encoder takes it. grid: int [1, 3], patches in time, height and width, for kinds with one."""

    values: mx.array = field(repr=False)
    patches: int
    grid: mx.array | None = None


class Kind(Protocol):
    """processor: (module, class) of the processor. heads: the encoder config's name for its attention heads."""

    processor: tuple[str, str]
    heads: str

    def pixels(self, inputs: Mapping[str, Any], model: Any) -> list[Pixels]:
        """What the processor made of each picture."""

    def encode(self, model: Any, pixels: Pixels) -> Encoded: ...

    def positions(self, model: Any, ids: mx.array, grids: Sequence[mx.array]) -> mx.array | None:
        """[3, 1, T] for the whole prompt's ids [1, T], or None where positions just count."""

    def beside(self, given: Any, shown: mx.array, encoded: Sequence[Encoded]) -> dict[str, Any]:
        """More arguments of the language part. given: mlx-vlm's own for the text. shown: [1, T], 1 at pictures."""


class Gemma4:
    """A picture's tokens see each other; their type tells which they are."""

    processor = ("mlx_vlm.models.gemma4.processing_gemma4", "Gemma4Processor")
    heads = "num_attention_heads"

    def pixels(self, inputs: Mapping[str, Any], model: Any) -> list[Pixels]:
        side = int(model.config.vision_config.patch_size)
        values = [mx.array(one)[None] for one in inputs["pixel_values"]]
        return [Pixels(one, one.shape[-1] * one.shape[-2] // side**2) for one in values]

    def encode(self, model: Any, pixels: Pixels) -> Encoded:
        return (model.encode_image(pixels.values)[0],)

    def positions(self, model: Any, ids: mx.array, grids: Sequence[mx.array]) -> mx.array | None:
        return None

    def beside(self, given: Any, shown: mx.array, encoded: Sequence[Encoded]) -> dict[str, Any]:
        return {"per_layer_inputs": given.per_layer_inputs, "mm_token_type_ids": shown}


class Qwen3VL:
    """Positions in time, height and width; rows that are added after the first layers (deepstack)."""

    processor = ("mlx_vlm.models.qwen3_vl.processing_qwen3_vl", "Qwen3VLProcessor")
    heads = "num_heads"

    def pixels(self, inputs: Mapping[str, Any], model: Any) -> list[Pixels]:
        grids = np.array(inputs["image_grid_thw"])
        counts = grids.prod(axis=-1)
        parts = mx.split(mx.array(inputs["pixel_values"]), np.cumsum(counts)[:-1].tolist())
        return [
            Pixels(part, int(count), mx.array(grid)[None])
            for part, count, grid in zip(parts, counts, grids, strict=True)
        ]

    def encode(self, model: Any, pixels: Pixels) -> Encoded:
        values = pixels.values.astype(model.vision_tower.patch_embed.proj.weight.dtype)
        rows, later = model.vision_tower(values, pixels.grid)
        return (rows, *later)

    def positions(self, model: Any, ids: mx.array, grids: Sequence[mx.array]) -> mx.array | None:
        if not grids:
            return None
        positions: mx.array = model.language_model.get_rope_index(ids, mx.concatenate(list(grids)))[0]
        return positions

    def beside(self, given: Any, shown: mx.array, encoded: Sequence[Encoded]) -> dict[str, Any]:
        later = [mx.concatenate(list(rows)) for rows in list(zip(*encoded, strict=True))[1:]]
        return {"visual_pos_masks": shown.astype(mx.bool_), "deepstack_visual_embeds": later} if later else {}


KINDS: Mapping[str, Kind] = {"gemma4": Gemma4(), "qwen3_5_moe": Qwen3VL(), "qwen3_vl_moe": Qwen3VL()}
"""By model type; `families.py` names the same types without MLX."""
