"""From logits to a token, repeatably: the random state depends on seed and position only, not on what ran before.

So a token that is taken again, or an answer that was paused, comes out the same.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx_lm.sample_utils import make_sampler

from engine.messages import Sampling

_POSITIONS = 1 << 32


class Sampler:
    def __init__(self, sampling: Sampling) -> None:
        self._seed = sampling.seed
        self._greedy = sampling.temperature == 0
        self._sample: Any = make_sampler(
            temp=sampling.temperature, top_p=sampling.top_p, min_p=sampling.min_p, top_k=sampling.top_k
        )

    def __call__(self, logits: mx.array, position: int) -> mx.array:
        """Token [1] for logits [1, V] at a position of the sequence."""
        if not self._greedy:
            mx.random.seed(self._seed * _POSITIONS + position)
        token: mx.array = self._sample(logits - mx.logsumexp(logits, axis=-1, keepdims=True))
        return token
