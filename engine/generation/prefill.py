"""The prompt through the model, piece by piece, and what it tells about the experts it needs. Engine thread only.

Like mlx-lm's `generate_step`, all tokens but the last: the last is the first step of decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mlx.core as mx

from engine.generation.opened import Opened, arrays
from engine.generation.undo import mark
from engine.routing.block import Way
from engine.vision.senses import Seen

_NOTHING = Seen()

PieceDone = Callable[[int], None]
"""Called with the tokens done so far, nothing in flight; may raise Cancelled."""


def prefill(
    opened: Opened,
    caches: list[Any],
    tokens: Sequence[int],
    way: Way,
    piece: int,
    done: PieceDone,
    seen: Seen = _NOTHING,
    reused: int = 0,
) -> None:
    """Tokens through the model in pieces of at most `piece`. Whatever stops it leaves whole pieces behind.

    reused: how many tokens of the prompt come before these; the caches hold them. seen: its media, encoded.
    """
    at = 0
    for part in opened.pieces(tokens, piece):
        undo = mark(caches, len(part))
        try:
            with opened.through(way):
                opened.forward(part, reused + at, caches, seen)
                mx.eval(arrays(caches))
        except BaseException:
            undo()
            raise
        mx.clear_cache()
        at += len(part)
        done(at)
