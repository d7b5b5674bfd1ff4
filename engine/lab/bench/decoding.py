"""Tokens per second with a quarter of the experts resident, beside mlx-lm with all of them. Engine thread only.

Both in one process, in turn, the same prompt and number of tokens. Ours is the whole way of a request: coverage,
text, events; once with one set, once reselecting when coverage falls, which random weights make it do all the time.
mlx-lm's is its `generate_step` alone. Timed from the second token to the last
but one: both work a token ahead, but mlx-lm begins to before it hands out the first token and we after.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
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
_REQUEST = {"experts": SHARE, "max_tokens": TOKENS}


@dataclass(frozen=True)
class Decoding:
    """Rates in tokens per second: with a set that stays, with one that is reselected when it serves badly, mlx-lm's.

    coverage, reselections: of the last round's answer that reselected.
    """

    ours: Spread
    reselecting: Spread
    peer: Spread
    ratio: Spread
    reselecting_ratio: Spread
    coverage: float
    reselections: int


def measure(folder: Path, step: Step) -> Decoding:
    opened = open_model(folder, lambda _done, _of: None, media=False)
    opened.tokenizer.eos_token_ids = set()  # random weights end an answer anywhere; `generate_step` never does
    stock, _ = _mlx_lm.load_model(folder)
    tokens = encode(opened.tokenizer, (Turn("user", PROMPT),))
    rates: dict[str, list[float]] = defaultdict(list)
    try:
        with _stored(ask(opened, 0, _REQUEST).selection) as profile:
            ways = {
                "one set": lambda: _rate_of(ask(opened, 0, {**_REQUEST, "profile": profile})),
                "reselecting": lambda: _rate_of(ask(opened, 0, _REQUEST)),
                "mlx-lm": lambda: _stock(stock, tokens),
            }
            for number in range(-1, ROUNDS):  # the first only warms up
                for name in alternated(max(number, 0), list(ways)):
                    step(f"decoding, {name}")
                    rates[name].append(ways[name]())
        last = ask(opened, 0, _REQUEST)
    finally:
        opened.close()
    ours, reselecting, peer = (rates[name][1:] for name in ways)
    return Decoding(
        spread(ours),
        spread(reselecting),
        spread(peer),
        paired(ours, peer),
        paired(reselecting, peer),
        last.coverage,
        last.reselections,
    )


@contextmanager
def _stored(selection: list[list[int]]) -> Iterator[str]:
    """A profile that holds this selection."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "profile.json"
        path.write_text(json.dumps({"selection": selection}), encoding="utf-8")
        yield str(path)


def _rate_of(asked: Asked) -> float:
    return rate(asked.token_seconds[1:-1])


def _stock(model: Any, tokens: list[int]) -> float:
    steps = _generate_step(mx.array(tokens), model, max_tokens=TOKENS)
    times = [time.perf_counter() for _ in steps]
    return rate(times[1:-1])
