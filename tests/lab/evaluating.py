"""Small models and documents for the lab's tests. Test support."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.stage import Stage, open_stage
from engine.lab.tiny import make_checkpoint
from engine.routing.predictor import Predictor, save_predictor

TEXT = b"One, two, three: the numbers are counted from one to ten and then from ten to one. Who counts them? A child."


def nothing() -> None:
    pass


def document(seed: int = 0, tokens: int = 96, prompt: int = 20) -> Document:
    """Byte values: valid ids of every tiny vocabulary."""
    drawn = np.random.default_rng(seed).choice(np.frombuffer(TEXT, np.uint8), tokens)
    return Document(tuple(int(t) for t in drawn), prompt, tokens - prompt)


def stage(folder: Path, family: str = "qwen3_moe", piece: int = 32) -> Stage:
    """A random model, with a random predictor beside it."""
    make_checkpoint(folder, family)
    plan = layout(Checkpoint.open(folder))
    mx.random.seed(1)
    predictor = Predictor(64, len(plan.layers), plan.experts)
    predictor.widen.weight = mx.random.normal(predictor.widen.weight.shape)  # prompts differ by more than biases do
    save_predictor(folder, predictor)
    made = open_stage(folder, 96, None, nothing)
    made.piece = piece
    return made


def half(model: Stage) -> int:
    return model.opened.router_shape.legal(model.experts // 2, model.experts)
