"""Qwen's: positions in time, height and width; rows that are added after the first layers (deepstack)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Any

import mlx.core as mx
import numpy as np

from engine.vision.families import Sense
from engine.vision.kinds.kind import Encoded, Inputs, Kind, Part, Parts, attention_cost


def pictures_by_grid(inputs: Inputs, _config: Any) -> Parts:
    """Patches of all pictures one after another, and a grid [t, h, w] for each."""
    if inputs.get("image_grid_thw") is None:
        return {}
    grids = np.array(inputs["image_grid_thw"])
    counts = grids.prod(axis=-1)
    values = mx.split(mx.array(inputs["pixel_values"]), np.cumsum(counts)[:-1].tolist())
    parts = zip(values, counts, grids, strict=True)
    return {Sense.SIGHT: [Part(one, int(count), mx.array(grid)[None]) for one, count, grid in parts]}


def encode_picture(model: Any, _sense: Sense, part: Part) -> Encoded:
    values = part.values.astype(model.vision_tower.patch_embed.proj.weight.dtype)
    rows, later = model.vision_tower(values, part.grid)
    return (rows, *later)


def picture_cost(config: Any, _sense: Sense, part: Part) -> int:
    vision = config.vision_config
    return attention_cost(vision.hidden_size, vision.intermediate_size, vision.num_heads, part.size)


def positions_by_grid(model: Any, ids: mx.array, grids: Sequence[mx.array]) -> mx.array | None:
    if not grids:
        return None
    positions: mx.array = model.language_model.get_rope_index(ids, mx.concatenate(list(grids)))[0]
    return positions


def _most_pixels(image_processor: Any) -> int:
    return int(image_processor.max_pixels)


def _beside(_model: Any, _given: Any, shown: mx.array, encoded: Sequence[Encoded]) -> dict[str, Any]:
    later = [mx.concatenate(list(rows)) for rows in list(zip(*encoded, strict=True))[1:]]
    return {"visual_pos_masks": shown.astype(mx.bool_), "deepstack_visual_embeds": later} if later else {}


QWEN3_VL = Kind(
    processor=("mlx_vlm.models.qwen3_vl.processing_qwen3_vl", "Qwen3VLProcessor"),
    parts=pictures_by_grid,
    encode=encode_picture,
    cost=picture_cost,
    positions=positions_by_grid,
    beside=_beside,
    most_pixels=_most_pixels,
    mark="<|image_pad|>",
)


# --- omni: sound too --------------------------------------------------------------------------------------

_CONVOLVED = 8
"""Seconds of sound that pass the convolutions at once; mlx-vlm's 500 hold 3 GB on the way."""
_FRAMES = 100
"""Of sound in one second; 13 rows come out of them."""


def _omni_tokens(config: Any) -> dict[Sense, int]:
    thinker = config.thinker_config
    return {Sense.SIGHT: int(thinker.image_token_id), Sense.HEARING: int(thinker.audio_token_id)}


def _omni_parts(inputs: Inputs, config: Any) -> Parts:
    parts = dict(pictures_by_grid(inputs, config))
    features = inputs.get("input_features")
    if features is not None:
        features = np.array(features)
        mask = np.array(inputs["feature_attention_mask"])
        frames = mask.sum(axis=-1) // max(1, mask.shape[-1] // features.shape[-1])  # of samples: to frames
        parts[Sense.HEARING] = [
            Part(mx.array(one[None, :, :length]), int(length)) for one, length in zip(features, frames, strict=True)
        ]
    return parts


def _omni_encode(model: Any, sense: Sense, part: Part) -> Encoded:
    if sense is Sense.SIGHT:
        return encode_picture(model.thinker, sense, part)
    return (model.thinker.get_audio_features(part.values, audio_feature_lengths=mx.array([part.size])),)


def _omni_cost(config: Any, sense: Sense, part: Part) -> int:
    thinker = config.thinker_config
    if sense is Sense.SIGHT:
        return picture_cost(thinker, sense, part)
    audio = thinker.audio_config
    seconds = part.size / _FRAMES
    rows = 13 * seconds
    convolved = _FRAMES // 2 * audio.num_mel_bins // 2 * audio.downsample_hidden_size  # numbers, of one second
    waiting = audio.num_mel_bins // 8 * audio.downsample_hidden_size + audio.d_model  # of a row, until all have passed
    convolving = 5.5 * convolved * min(seconds, _CONVOLVED) + rows * waiting
    return int(4 * max(convolving, rows * (9 * audio.d_model + 3 * audio.encoder_ffn_dim)))


def _omni_beside(model: Any, given: Any, shown: mx.array, encoded: Sequence[Encoded]) -> dict[str, Any]:
    """Rows for later layers stand at every token here, zeros where there is no picture."""
    beside = _beside(model, given, shown, encoded)
    if not beside:
        return {}
    language: Any = import_module("mlx_vlm.models.qwen3_omni_moe.language")
    later = language.expand_deepstack_visual_embeds(shown, beside["deepstack_visual_embeds"])
    return {"visual_pos_masks": shown.astype(mx.bool_), "deepstack_visual_embeds": later}


def _convolve_in_parts(tower: Any) -> None:
    """mlx-vlm cuts sound into parts for its convolutions, but they are one graph, and MLX begins every part before it
    ends any. Here the last convolution of a part is made before the next part is thought of.
    """
    tower.conv_chunksize = _CONVOLVED
    mlx_vlm: Any = type(tower.conv2d3)

    class Ending(mlx_vlm):  # type: ignore[misc]
        def __call__(self, x: mx.array) -> mx.array:
            made: mx.array = super().__call__(x)
            mx.eval(made)
            return made

    tower.conv2d3.__class__ = Ending


def _mend_omni(model: Any) -> None:
    """What speaks is let go; sound passes in small parts; and nothing waits for a layer's result in the middle of a
    token, as mlx-vlm's loop over the layers does in every fourth.
    """
    model.disable_talker()
    _convolve_in_parts(model.thinker.audio_tower)
    text = model.thinker.language_model.model
    mlx_vlm: Any = type(text)
    base: Any = import_module("mlx_vlm.models.base")

    class Flowing(mlx_vlm):  # type: ignore[misc]
        def __call__(
            self,
            inputs: mx.array,
            inputs_embeds: mx.array | None = None,
            mask: mx.array | None = None,
            cache: Any = None,
            position_ids: mx.array | None = None,
            deepstack_visual_embeds: mx.array | None = None,
            **_others: Any,
        ) -> mx.array:
            h = self.embed_tokens(inputs) if inputs_embeds is None else inputs_embeds
            mask = base.create_attention_mask(h, cache[0]) if mask is None else mask
            rotary = self.layers[0].self_attn.rotary_emb
            turned = None if rotary.fused_apply else rotary(h, position_ids)
            later = 0 if deepstack_visual_embeds is None else deepstack_visual_embeds.shape[2]
            for number, (layer, one) in enumerate(zip(self.layers, cache, strict=True)):
                h = layer(h, mask, one, position_ids, turned)
                if deepstack_visual_embeds is not None and number < later:
                    h = h + deepstack_visual_embeds[:, :, number].astype(h.dtype)
            result: mx.array = self.norm(h)
            return result

    text.__class__ = Flowing


QWEN3_OMNI = replace(
    QWEN3_VL,
    processor=("mlx_vlm.models.qwen3_omni_moe.processing_qwen3_omni_moe", "Qwen3OmniMoeProcessor"),
    tokens=_omni_tokens,
    parts=_omni_parts,
    encode=_omni_encode,
    cost=_omni_cost,
    beside=_omni_beside,
    mend=_mend_omni,
)
