"""How well a finished model says again what was said: `python -m engine.training.copied --model DIR --dev F`.

Nats per token on echoes of made-up names, the first time and said back; and on unseen dialogues for tokens that follow
a pair as they followed it before, and for all others. Every expert serves; sets are `cadre eval`'s matter.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import blas

blas.preload()

import mlx.core as mx  # noqa: E402 -- after the BLAS
import mlx_lm.utils  # noqa: E402
import numpy as np  # noqa: E402

from engine.training.dialogues import Dialogue, read_dialogues  # noqa: E402
from engine.training.exponentials import nats  # noqa: E402
from engine.training.renaming import Names, echo  # noqa: E402
from engine.training.tokenizer import dialogue_encoder, load_tokenizer  # noqa: E402

_MANY, _LONGEST = 24, 320
_mlx_lm: Any = mlx_lm.utils
Encode = Callable[[Dialogue], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="a folder that `engine.training.builtin` wrote")
    parser.add_argument("--dev", type=Path, required=True, help="dialogues the model was not trained on")
    given = parser.parse_args()
    model = _mlx_lm.load(str(given.model))[0]
    encode = dialogue_encoder(load_tokenizer(given.model))
    dialogues = read_dialogues(given.dev)
    found = of_echoes(model, encode, Names.of(dialogues)) | of_dialogues(model, map(encode, dialogues[:_MANY]))
    print(json.dumps({name: round(value, 3) for name, value in found.items()}))  # noqa: T201 -- what it is for


def of_echoes(model: Any, encode: Encode, names: Names, seed: int = 5) -> dict[str, float]:
    """said: of the list as the person says it. said_back: of the answer."""
    random = np.random.default_rng(seed)
    said: list[float] = []
    back: list[float] = []
    for asked, answered in (echo(names, random) for _ in range(_MANY)):
        start = len(encode((asked,)))
        cost = _cost(model, encode((asked, answered)))
        said += cost[: start - 1]
        back += cost[start:]  # the mark of who speaks is no part of it
    return {"said": float(np.mean(said)), "said_back": float(np.mean(back))}


def of_dialogues(model: Any, documents: Any) -> dict[str, float]:
    """as_before: of tokens that followed the same two tokens before. others: of all others. all: of both."""
    before: list[float] = []
    others: list[float] = []
    for tokens in (document[:_LONGEST] for document in documents):
        cost = _cost(model, tokens)
        for known, nat in zip(as_before(tokens), cost[1:], strict=True):
            (before if known else others).append(nat)
    return {
        "as_before": float(np.mean(before)),
        "others": float(np.mean(others)),
        "all": float(np.mean(before + others)),
    }


def as_before(tokens: Sequence[int]) -> list[bool]:
    """Of each token from the third on: has it followed the same two tokens already?"""
    seen: set[tuple[int, ...]] = set()
    found = []
    for at in range(2, len(tokens)):
        three = tuple(tokens[at - 2 : at + 1])
        found.append(three in seen)
        seen.add(three)
    return found


def _cost(model: Any, tokens: Sequence[int]) -> list[float]:
    """Nats of each token after the first."""
    row = mx.array([list(tokens)])
    found: Any = nats(model(row[:, :-1]), row[:, 1:])[0].tolist()
    return list(found)


if __name__ == "__main__":
    main()
