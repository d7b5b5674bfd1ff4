"""The scientific table: what frozen sets cost and win, beside dense models and an ordinary MoE.

`python -m engine.training.comparison --corpus F --dev F --out DIR`: same data, same steps, several seeds. Each
run and the whole go on where they were stopped. The models lie in DIR afterwards, for `cadre eval` and `cadre tune`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine import blas

blas.preload()

from tokenizers import Tokenizer  # noqa: E402 -- MLX comes after the BLAS

from engine.training.builtin import save_model  # noqa: E402
from engine.training.dev import Documents, dev_nll  # noqa: E402
from engine.training.dialogues import read_dialogues  # noqa: E402
from engine.training.recipe import Recipe, Routing, Shape  # noqa: E402
from engine.training.run import Run  # noqa: E402
from engine.training.tokenizer import END, dialogue_encoder, save_tokenizer, train_tokenizer  # noqa: E402

MOE = Shape(
    vocabulary=2048,
    hidden=128,
    layers=4,
    dense_width=256,
    heads=2,
    kv_heads=2,
    head=64,
    experts=32,
    experts_per_token=2,
    expert_width=64,
    shared_experts=2,
)
_DEV = 200
_REPORT = "comparison.json"
_NLL = "nll.json"


def dense(width: int) -> Shape:
    """The same depth, every layer dense."""
    return dataclasses.replace(MOE, dense_layers=MOE.layers, dense_width=width)


def _width(experts: int) -> int:
    """Of a dense layer, so that all layers together hold the MoE's first layer, its shared and this many experts."""
    routed = (MOE.shared_experts + experts) * MOE.expert_width
    return (MOE.dense_width + MOE.moe_layers * routed) // MOE.layers


KINDS: dict[str, tuple[Shape, Routing]] = {
    "dense, active size": (dense(_width(MOE.experts_per_token)), Routing.DENSE),
    "dense, total size": (dense(_width(MOE.experts)), Routing.DENSE),
    "ordinary MoE": (MOE, Routing.TOKEN),
    "frozen sets": (MOE, Routing.FROZEN),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", choices=[*KINDS], default=[*KINDS], help="all when none is named")
    given = parser.parse_args()
    dialogues, unseen = read_dialogues(given.corpus), read_dialogues(given.dev)[:_DEV]
    tokenizer = train_tokenizer((t.text for d in dialogues for t in d), MOE.vocabulary)
    encode = dialogue_encoder(tokenizer)
    train, dev = [encode(d) for d in dialogues], [encode(d) for d in unseen]
    given.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for seed in range(given.seeds):
        for name in given.kinds:
            shape, routing = KINDS[name]
            recipe = Recipe(shape=shape, routing=routing, steps=given.steps, whole=given.steps * 3 // 4, seed=seed)
            folder = given.out / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}"
            rows.append({"kind": name, "seed": seed} | _run(recipe, train, dev, folder, tokenizer))
            text = json.dumps({"steps": given.steps, "rows": rows, "summary": summary(rows)}, indent=2)
            (given.out / _REPORT).write_text(text + "\n", encoding="utf-8")


def _run(recipe: Recipe, train: Documents, dev: Documents, folder: Path, tokenizer: Tokenizer) -> dict[str, Any]:
    """Train, or take what was measured before; nats per token by how many experts per layer are in memory."""
    kept, made = folder / _NLL, json.loads(json.dumps(recipe.as_dict()))
    if kept.exists() and (found := json.loads(kept.read_text(encoding="utf-8")))["recipe"] == made:
        return {"nll": found["nll"]}
    learner = Run(recipe, train, dev[:32], folder, every=100).go()
    save_tokenizer(tokenizer, folder, recipe.shape.context)
    save_model(learner, recipe, folder, tokenizer.get_vocab()[END], train, bits=None)
    nll = dev_nll(learner, dev)
    kept.write_text(json.dumps({"recipe": made, "nll": nll}) + "\n", encoding="utf-8")
    return {"nll": nll}


def summary(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, tuple[float, float]]]:
    """Mean and spread (highest less lowest) over seeds, by kind and number of experts."""
    found: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for size, nll in row["nll"].items():
            found.setdefault(row["kind"], {}).setdefault(size, []).append(nll)
    return {kind: {size: _mean_and_spread(n) for size, n in sizes.items()} for kind, sizes in found.items()}


def _mean_and_spread(values: list[float]) -> tuple[float, float]:
    return statistics.mean(values), max(values) - min(values)


if __name__ == "__main__":
    main()
