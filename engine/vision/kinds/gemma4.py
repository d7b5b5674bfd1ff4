"""gemma4: a picture's tokens see each other; their type tells which they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mlx.core as mx

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Inputs, Kind, Part, Parts, attention_cost


def _parts(inputs: Inputs, config: Any) -> Parts:
    side = int(config.vision_config.patch_size)
    values = [mx.array(one)[None] for one in inputs["pixel_values"]]
    return {Sense.SIGHT: [Part(one, one.shape[-1] * one.shape[-2] // side**2) for one in values]}


def _encode(model: Any, _sense: Sense, part: Part) -> Encoded:
    return (model.encode_image(part.values)[0],)


def _cost(config: Any, _sense: Sense, part: Part) -> int:
    """Its blocks are gated, and their GELU is made of steps."""
    vision = config.vision_config
    return attention_cost(vision.hidden_size, vision.intermediate_size, vision.num_attention_heads, part.size, 6)


def _beside(_model: Any, given: Any, shown: mx.array, _encoded: Sequence[Encoded]) -> dict[str, Any]:
    return {"per_layer_inputs": given.per_layer_inputs, "mm_token_type_ids": shown}


def _let_pictures_be_whole(model: Any) -> None:
    """Tokens of one picture see each other also when they do not begin the context.

    mlx-vlm lays the blocks over square masks only, since it sends a prompt with pictures in one piece; in a later
    piece or turn the last columns of the mask are the piece itself.
    """
    text = model.language_model.model
    mlx_vlm: Any = type(text)

    class Whole(mlx_vlm):  # type: ignore[misc]
        def _apply_blockwise_bidirectional_overlay(self, mask: mx.array, types: mx.array) -> mx.array:
            tokens = types.shape[1]
            square = super()._apply_blockwise_bidirectional_overlay(mask[..., -tokens:], types)
            return mx.concatenate(
                [mx.broadcast_to(mask, (*square.shape[:-1], mask.shape[-1]))[..., :-tokens], square], -1
            )

    text.__class__ = Whole


GEMMA4 = Kind(
    processor=("mlx_vlm.models.gemma4.processing_gemma4", "Gemma4Processor"),
    parts=_parts,
    encode=_encode,
    cost=_cost,
    beside=_beside,
    mend=_let_pictures_be_whole,
    whole=True,
)
