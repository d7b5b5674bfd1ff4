"""Seconds to the first token, cold and fast, beside what nobody can beat: reading the bytes, or the prefill itself.

Cold: a fresh process whose model is open (dense weights in memory, no expert), the page cache dropped. The bound is
the larger of bytes / raw rate and of mlx-lm's prefill of the same prompt with every expert in memory. The prompt is
as long as makes the two alike, where waiting for one hides least of the other.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from engine import blas
from engine.lab.bench import pages
from engine.lab.bench.asking import Asked, ask_in_child, run_child
from engine.lab.bench.figures import Spread, first_token_ratio, spread
from engine.lab.bench.reading import Step

SHARE = 0.25
ROUNDS = 3
WORDS = (1, 2, 4, 8, 16, 32)
"""Lengths of prompts that are tried."""
_TEXT = "sea"


@dataclass(frozen=True)
class FirstToken:
    """Seconds; the terms are those of the round with the median ratio."""

    select: float
    load: float
    prefill: float
    total: Spread
    bound: float
    ratio: Spread
    prompt_tokens: int
    bytes_read: int
    resident_prefill: float


def measure(folder: Path, rate: float, expert_bytes: int, step: Step) -> FirstToken:
    """rate: raw, bytes per second. expert_bytes: of the share of all experts that is read."""
    step("first token, mlx-lm's prefill")
    prefills = _stock_prefills(folder, WORDS)
    words, prefill = min(prefills.items(), key=lambda item: abs(item[1] - expert_bytes / rate))
    rounds = []
    for _ in range(ROUNDS):
        step("first token, cold")
        pages.drop_folder(folder)
        request = {"prompt": prompt(words), "mode": "fast", "experts": SHARE, "max_tokens": 1}
        (asked,), said = ask_in_child(folder, [request])
        rounds.append((asked, float(said["load"])))
    return _assembled(rounds, rate, prefill)


def _assembled(rounds: Sequence[tuple[Asked, float]], rate: float, prefill: float) -> FirstToken:
    totals = [asked.seconds["first_token"] for asked, _ in rounds]
    ratios = [
        first_token_ratio(t, asked.bytes_read, rate, prefill) for t, (asked, _) in zip(totals, rounds, strict=True)
    ]
    middle = min(range(len(rounds)), key=lambda i: abs(ratios[i][1] - median(r for _, r in ratios)))
    asked, load = rounds[middle]
    return FirstToken(
        select=asked.seconds["select"],
        load=load,
        prefill=asked.seconds["prefill"],
        total=spread(totals),
        bound=ratios[middle][0],
        ratio=spread([ratio for _, ratio in ratios]),
        prompt_tokens=asked.prompt_tokens,
        bytes_read=asked.bytes_read,
        resident_prefill=prefill,
    )


def prompt(words: int) -> str:
    return " ".join([_TEXT] * words)


def _stock_prefills(folder: Path, words: Sequence[int]) -> dict[int, float]:
    command = [sys.executable, "-m", "engine.lab.bench.first_token"]
    said = run_child(command, json.dumps({"folder": str(folder), "words": list(words)}))
    return {int(count): seconds for count, seconds in said.items()}


def _prefills(folder: Path, words: Sequence[int]) -> dict[str, float]:
    """Seconds from a prompt to its first token with every expert in memory, the best of three."""
    import mlx.core as mx
    import mlx_lm.utils
    from mlx_lm.generate import generate_step

    from engine.generation.text import encode, open_tokenizer
    from engine.messages import Turn

    loader: Any = mlx_lm.utils
    generate: Any = generate_step
    model, config = loader.load_model(folder)
    tokenizer = open_tokenizer(folder, config.get("eos_token_id"))
    seconds: dict[str, float] = {}
    for count in words:
        tokens = mx.array(encode(tokenizer, (Turn("user", prompt(count)),)))
        times = []
        for _ in range(3):
            begun = time.perf_counter()
            next(generate(tokens, model, max_tokens=1))
            times.append(time.perf_counter() - begun)
        seconds[str(count)] = min(times)
    return seconds


if __name__ == "__main__":
    blas.preload()
    given = json.loads(sys.stdin.read())
    print(json.dumps(_prefills(Path(given["folder"]), given["words"])), flush=True)  # noqa: T201
