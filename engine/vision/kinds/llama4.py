"""llama4: a picture is cut into square tiles and a small one of all; each tile's tokens stand for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mlx.core as mx

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Inputs, Kind, Part, Parts, attention_cost


def _tokens(config: Any) -> Mapping[Sense, int]:
    return {Sense.SIGHT: int(config.image_token_index)}


def _parts(inputs: Inputs, config: Any) -> Parts:
    tiles = mx.array(inputs["pixel_values"])
    vision = config.vision_config
    patches = (vision.image_size // vision.patch_size) ** 2 + 1
    return {Sense.SIGHT: [Part(tile, patches) for tile in mx.split(tiles, tiles.shape[0])]}


def _encode(model: Any, _sense: Sense, part: Part) -> Encoded:
    rows = model.vision_model(part.values, output_hidden_states=False)
    return (model.multi_modal_projector(rows.reshape(-1, rows.shape[-1])),)


def _cost(config: Any, _sense: Sense, part: Part) -> int:
    vision = config.vision_config
    return attention_cost(vision.hidden_size, vision.intermediate_size, vision.num_attention_heads, part.size)


def _add_the_small_one(processor: Any) -> None:
    """The prompt has a place for the whole picture after its tiles, as the model was trained; mlx-vlm's processor
    leaves that tile out and its model then reads past the end of the rows.
    """
    mlx_vlm: Any = type(processor.image_processor)

    class Whole(mlx_vlm):  # type: ignore[misc]
        def _split_into_tiles(self, image: Any, aspect_ratio: tuple[int, int]) -> list[Any]:
            tiles: list[Any] = super()._split_into_tiles(image, aspect_ratio)
            return tiles if len(tiles) == 1 else [*tiles, image.resize((self.size, self.size), resample=3)]

    processor.image_processor.__class__ = Whole


def _cut_by_shape(model: Any) -> None:
    """A tile's patches are its own numbers in another order. mlx-vlm picks each of a patch's pixels by an operation of
    its own, 113,000 for a tile of 336 x 336: seconds, and 200 MB of a graph that no promise knows of.
    """
    embedding = model.vision_model.patch_embedding
    mlx_vlm: Any = type(embedding)

    class Cut(mlx_vlm):  # type: ignore[misc]
        def unfold(self, tiles: mx.array) -> mx.array:
            """[B, C, H, W] to [B, C * side * side, patches]."""
            count, channels, height, width = tiles.shape
            side = self.stride
            cut = tiles.reshape(count, channels, height // side, side, width // side, side)
            return cut.transpose(0, 1, 3, 5, 2, 4).reshape(count, channels * side**2, -1)

    embedding.__class__ = Cut


LLAMA4 = Kind(
    processor=("mlx_vlm.models.llama4.processing_llama4", "Llama4Processor"),
    tokens=_tokens,
    parts=_parts,
    encode=_encode,
    cost=_cost,
    mend=_cut_by_shape,
    mend_processor=_add_the_small_one,
)
