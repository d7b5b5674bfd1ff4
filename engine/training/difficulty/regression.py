"""Logistic regression on sparse rows by minibatches with AdaGrad (Duchi et al., 2011), in NumPy. Knows no prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.budget.features import BUCKETS, Features

Floats = npt.NDArray[np.float32]

_BATCH = 64


@dataclass(frozen=True)
class Settings:
    """decay: pull towards 0 per step, of n-grams; what was counted is pulled a hundredth of it."""

    epochs: int = 8
    rate: float = 0.2
    decay: float = 1e-5
    seed: int = 0


@dataclass
class Head:
    """Weights of n-grams [BUCKETS, outputs], of what was counted [counted, outputs], and of nothing [outputs]."""

    grams: Floats
    counts: Floats
    bias: Floats


def fit(rows: Sequence[Features], counts: Floats, targets: Floats, importance: Floats, settings: Settings) -> Head:
    """counts: [rows, counted], standardised. targets: [rows, outputs], shares. One output: sigmoid; more: softmax."""
    outputs = targets.shape[1]
    head = Head(
        np.zeros((BUCKETS, outputs), np.float32),
        np.zeros((counts.shape[1], outputs), np.float32),
        np.zeros(outputs, np.float32),
    )
    squares = Head(*(np.full_like(part, 1e-6) for part in (head.grams, head.counts, head.bias)))
    random = np.random.default_rng(settings.seed)
    for _ in range(settings.epochs):
        order = random.permutation(len(rows))
        for begin in range(0, len(order), _BATCH):
            batch = order[begin : begin + _BATCH]
            _step(head, squares, [rows[i] for i in batch], counts[batch], targets[batch], importance[batch], settings)
    return head


def link(logits: Floats) -> Floats:
    """Shares of each output."""
    if logits.shape[1] == 1:
        risen: Floats = (1 / (1 + np.exp(-logits))).astype(np.float32)
        return risen
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _step(
    head: Head, squares: Head, rows: list[Features], counts: Floats, targets: Floats, importance: Floats, how: Settings
) -> None:
    sizes = [len(r.indices) for r in rows]
    owner = np.repeat(np.arange(len(rows)), sizes)
    scales = np.repeat(np.array([r.scale for r in rows], np.float32), sizes).reshape(-1, 1)
    used, place = np.unique(np.concatenate([r.indices for r in rows]), return_inverse=True)
    logits = counts @ head.counts + head.bias
    np.add.at(logits, owner, head.grams[used][place] * scales)
    error = (link(logits) - targets) * importance[:, None]
    gradient = np.zeros((len(used), targets.shape[1]), np.float32)
    np.add.at(gradient, place, error[owner] * scales)
    head.grams[used] = _moved(head.grams[used], gradient, squares.grams, used, how, how.decay)
    head.counts = _moved(head.counts, counts.T @ error, squares.counts, slice(None), how, how.decay / 100)
    head.bias = _moved(head.bias, error.sum(axis=0), squares.bias, slice(None), how, 0.0)


def _moved(
    weights: Floats,
    gradient: Floats,
    squares: Floats,
    where: npt.NDArray[np.int64] | slice,
    how: Settings,
    decay: float,
) -> Floats:
    squares[where] += gradient**2
    return np.asarray((weights - how.rate * gradient / np.sqrt(squares[where])) * (1 - decay), np.float32)
