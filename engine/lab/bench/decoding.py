"""Tokens per second with a quarter of the experts resident, beside mlx-lm with all of them. Engine thread only.

Both in one process, in turn, the same prompt and number of tokens. Ours is the whole way of a request: coverage,
text, events, reselection when it falls. mlx-lm's is its `generate_step` alone. Timed from the second token to the last
but one: both work a token ahead, but mlx-lm begins to before it hands out the first token and we after.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx_lm.utils
from mlx_lm.generate import generate_step

from engine.generation.opened import open_model
from engine.generation.text import encode
from engine.lab.bench.asking import PROMPT, Asked, ask, rate
from engine.lab.bench.figures import Spread, alternated, paired, spread
from engine.lab.bench.reading import Step
from engine.messages import Turn

_mlx_lm: Any = mlx_lm.utils
_generate_step: Any = generate_step

SHARE = 0.25
TOKENS, ROUNDS = 40, 7


@dataclass(frozen=True)
class Decoding:
    """Rates in tokens per second. coverage, reselections: of the last round's answer."""

    ours: Spread
    peer: Spread
    ratio: Spread
    coverage: float
    reselections: int


def measure(folder: Path, step: Step) -> Decoding:
    opened = open_model(folder, lambda _done, _of: None)
    stock, _ = _mlx_lm.load_model(folder)
    tokens = encode(opened.tokenizer, (Turn("user", PROMPT),))
    rates: dict[str, list[float]] = defaultdict(list)
    answers: list[Asked] = []
    try:
        for number in range(-1, ROUNDS):  # the first only warms up
            for name in alternated(max(number, 0), ("resident", "all")):
                step("decoding, a quarter resident" if name == "resident" else "decoding, mlx-lm")
                if name == "resident":
                    answers.append(ask(opened, 0, {"experts": SHARE, "max_tokens": TOKENS}))
                    rates[name].append(rate(answers[-1].token_seconds[1:-1]))
                else:
                    rates[name].append(_stock(stock, tokens))
    finally:
        opened.close()
    ours, peer = rates["resident"][1:], rates["all"][1:]
    last = answers[-1]
    return Decoding(spread(ours), spread(peer), paired(ours, peer), last.coverage, last.reselections)


def _stock(model: Any, tokens: list[int]) -> float:
    steps = _generate_step(mx.array(tokens), model, max_tokens=TOKENS)
    times = [time.perf_counter() for _ in steps]
    return rate(times[1:-1])
