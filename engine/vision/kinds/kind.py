"""What differs between the kinds of mlx-vlm's models that take pictures and sounds: one row of a table. Engine thread.

A kind is data and small functions; what all kinds share is in `reader.py` and `senses.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np

from engine.vision.attention import scores_bytes
from engine.vision.families import Sense
from engine.vision.marks import fingerprint

Encoded = tuple[mx.array, ...]
"""A medium's rows [n, D] for the first layer, and for the kinds that have them, rows added after later layers."""
Inputs = Mapping[str, Any]
"""What a processor put out."""


@dataclass(frozen=True)
class Part:
    """What an encoder takes for one stretch of a prompt's tokens: a picture, a tile of one, a sound.

    size: patches, or frames of sound. grid: int [1, 3] patches in time, height and width (or [1, 2]), where the
    encoder wants one.
    """

    values: mx.array = field(repr=False)
    size: int
    grid: mx.array | None = None

    def fingerprint(self) -> int:
        grid = b"" if self.grid is None else np.array(self.grid).tobytes()
        return fingerprint((str(self.values.shape).encode(), grid, np.ascontiguousarray(self.values).tobytes()))


Parts = Mapping[Sense, Sequence[Part]]
"""Of one prompt, each sense's in the order of their stretches."""


def inner(config: Any) -> Any:
    """The config with the encoders in it: of a model that also speaks, the part that thinks."""
    return getattr(config, "thinker_config", config)


def image_token(config: Any) -> Mapping[Sense, int]:
    return {Sense.SIGHT: int(config.image_token_id)}


def attention_cost(width: int, inner_width: int, heads: int, size: int, inner_rows: int = 2) -> int:
    """Bytes that `size` patches take on their way, all attending to all.

    inner_rows: how many rows as wide as the inner layers each patch has at once; fitted to MLX's peak on encoders of
    the published widths (docs/pictures.md).
    """
    return 4 * size * (8 * width + inner_rows * inner_width) + scores_bytes(heads, size)


def _nothing_beside(_model: Any, _given: Any, _shown: mx.array, _encoded: Sequence[Encoded]) -> dict[str, Any]:
    return {}


def _few_pixels(_image_processor: Any) -> int:
    """Gemma's, Kimi's and Llama's take no more of one picture, however large it is."""
    return 2_000_000


def _as_it_is(_made: Any) -> None:
    """What mlx-vlm made can be used as it is."""


@dataclass(frozen=True)
class Kind:
    """processor: (module, class) of mlx-vlm's processor.
    parts: of (what the processor put out, config), what the encoders take, in order.
    encode: of (model, sense, part), its rows.
    cost: of (config, sense, part), bytes that it takes on its way through the encoder.
    tokens: of config, the token that stands for each sense's media.
    positions: of (model, ids [1, T], grids), int [3, 1, T] for the whole prompt; None where positions just count.
    laid: positions [3, 1, T] as the language part's argument.
    beside: of (model, mlx-vlm's own for the words, shown [1, T] with 1 at pictures, the encoded pictures' rows),
      more arguments of the language part.
    mend, mend_processor: what must be set right in mlx-vlm's model and processor before they are used.
    most_pixels: of mlx-vlm's image processor, what it takes of one picture at most.
    whole: a picture's tokens see each other, so it must not be cut.
    mark: a picture's in the text, where the processor does not mind finding more of them than there are pictures.
    """

    processor: tuple[str, str]
    parts: Callable[[Inputs, Any], Parts]
    encode: Callable[[Any, Sense, Part], Encoded]
    cost: Callable[[Any, Sense, Part], int]
    tokens: Callable[[Any], Mapping[Sense, int]] = image_token
    positions: Callable[[Any, mx.array, Sequence[mx.array]], mx.array | None] | None = None
    laid: Callable[[mx.array], mx.array] = lambda positions: positions
    beside: Callable[[Any, Any, mx.array, Sequence[Encoded]], dict[str, Any]] = _nothing_beside
    mend: Callable[[Any], None] = _as_it_is
    mend_processor: Callable[[Any], None] = _as_it_is
    most_pixels: Callable[[Any], int] = _few_pixels
    whole: bool = False
    mark: str = ""
