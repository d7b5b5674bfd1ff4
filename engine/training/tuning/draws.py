"""Everything that is drawn in a step, from (seed, step) alone, so that a resumed run sees the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.lab.evaluation.documents import PROMPT
from engine.routing.families import RouterShape

SHORTEST_PROMPT = 8
_CHANCES = (0.25, 0.5, 0.25)


@dataclass(frozen=True)
class Draw:
    """One sequence of a step: tokens[:prompt] choose the set of `count` experts per layer, the rest is scored.

    predicted: the predictor chooses, once it is good.
    """

    tokens: tuple[int, ...]
    prompt: int
    count: int
    predicted: bool


def sizes(router: RouterShape, experts: int, count: int, fits: int) -> tuple[int, ...]:
    """Half of `count` residents, as many, and twice as many as far as memory holds them: one model, several budgets."""
    wanted = (count // 2, count, min(2 * count, max(fits, count)))
    return tuple(router.legal(n, experts) for n in wanted)


def draws(
    train: Sequence[tuple[int, ...]], counts: Sequence[int], step: int, sequences: int, seed: int
) -> Iterator[Draw]:
    """Each epoch takes every sequence once, in an order of its own."""
    random = np.random.default_rng([seed, step, 1])
    for number in range(step * sequences, (step + 1) * sequences):
        epoch, at = divmod(number, len(train))
        tokens = train[int(np.random.default_rng([seed, epoch]).permutation(len(train))[at])]
        usual = min(PROMPT, len(tokens) // 4)
        any_cut = int(random.integers(SHORTEST_PROMPT, max(len(tokens) // 2, SHORTEST_PROMPT + 1)))
        prompt = usual if random.random() < 0.5 else any_cut
        count = int(random.choice(counts, p=_CHANCES))
        yield Draw(tokens, prompt, count, bool(random.random() < 0.5))
