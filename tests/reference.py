"""What plain mlx-lm answers: the reference that exact mode must equal. Knows nothing of Cadre's engine.

Models are loaded once per test session and folder, the last few kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
import numpy as np
from mlx_lm.generate import generate_step
from mlx_lm.models.switch_layers import SwitchGLU, SwitchMLP

_mlx_lm: Any = mlx_lm.utils
_generate_step: Any = generate_step

PROMPT = tuple(b"Write a short story about the sea.")  # byte values: valid ids of every tiny vocabulary


@lru_cache(maxsize=4)
def load(path: Path) -> Any:
    """The model in `path` as mlx-lm loads it, every expert in memory."""
    return _mlx_lm.load_model(path)[0]


def greedy(path: Path, prompt_ids: Sequence[int], n: int, **options: Any) -> list[int]:
    """The n tokens that mlx-lm's greedy search puts after the prompt; `options` go to its `generate_step`."""
    return greedy_with_logprobs(path, prompt_ids, n, **options)[0]


def greedy_with_logprobs(path: Path, prompt_ids: Sequence[int], n: int, **options: Any) -> tuple[list[int], np.ndarray]:
    """The n greedy tokens, and float32 [n, vocabulary]: the log-probabilities each was chosen from."""
    steps = _generate_step(mx.array(list(prompt_ids)), load(path), max_tokens=n, **options)
    tokens, rows = [], []
    for token, logprobs in steps:
        tokens.append(int(token))
        rows.append(np.array(logprobs.astype(mx.float32)))
    return tokens, np.stack(rows)


def wanted(path: Path, prompt_ids: Sequence[int], n: int) -> list[list[np.ndarray]]:
    """For each MoE layer in order, the router's choice [tokens, k] at each step: the prompt's, then n - 1.

    As given to the switch: longcat_flash has already sent its identity experts to id 0 with weight 0 there.
    """
    return greedy_with_wanted(path, prompt_ids, n)[1]


def greedy_with_wanted(path: Path, prompt_ids: Sequence[int], n: int) -> tuple[list[int], list[list[np.ndarray]]]:
    """The n greedy tokens, and `wanted` while they were made."""
    with _listening() as heard:
        tokens = greedy(path, prompt_ids, n)
    return tokens, [[np.array(ids).reshape(-1, ids.shape[-1]) for ids in calls] for calls in heard.values()]


@contextmanager
def _listening() -> Iterator[dict[int, list[mx.array]]]:
    heard: dict[int, list[mx.array]] = defaultdict(list)
    originals = {switch: switch.__call__ for switch in (SwitchGLU, SwitchMLP)}

    def listener(original: Callable[..., mx.array]) -> Callable[..., mx.array]:
        def call(self: Any, x: mx.array, indices: mx.array) -> mx.array:
            heard[id(self)].append(indices)
            return original(self, x, indices)

        return call

    try:
        for switch, original in originals.items():
            switch.__call__ = listener(original)
        yield heard
    finally:
        for switch, original in originals.items():
            switch.__call__ = original
