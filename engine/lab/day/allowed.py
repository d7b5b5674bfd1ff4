"""A limit that leaves a share of the model's size for its weights, whatever a prompt takes besides.

Cadre's limit is of the whole process. Beside a model of a few MB the interpreter, the caches and the activations of a
prompt are most of it; so that a share of the model means something, each request gets what the promise reckons for
these (docs/memory.md) and, on top, that share.
"""

from __future__ import annotations

from pathlib import Path

from engine import messages as m
from engine.budget.activations import activations, piece_size
from engine.generation.opened import open_model
from engine.generation.planning import LEAST_ROOM
from engine.generation.text import encode


class Allowed:
    """base: bytes that the answering process holds before any model. tokens: of the longest answer."""

    def __init__(self, model: Path, share: float, base: int, tokens: int) -> None:
        self._opened = open_model(model, lambda _done, _of: None, media=False)
        self._base = base
        self._tokens = tokens
        layout = self._opened.layout
        self.weights = int(share * (layout.dense_bytes + layout.routed_bytes))

    def __call__(self, turns: tuple[m.Turn, ...]) -> int:
        opened = self._opened
        prompt, config = len(encode(opened.tokenizer, turns)), opened.checkpoint.text_config
        most = min(self._tokens, opened.context - prompt) if opened.context else self._tokens
        piece = piece_size(config, prompt, LEAST_ROOM)
        return self._base + opened.kv_bytes(prompt + most) + activations(config, piece, prompt) + self.weights

    def close(self) -> None:
        self._opened.close()
