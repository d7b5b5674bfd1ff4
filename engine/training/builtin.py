"""Reproduces the built-in model: `python -m engine.training.builtin --corpus F --dev F --prompts DIR --out DIR`.

Learns the tokenizer, trains with frozen sets, quantises, and writes a model's folder. With `--start` it goes on from
such a folder, mostly with sets half as large: that makes what `resources/models/builtin` holds. Killed, it goes on from
its last checkpoint when started again.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import blas

blas.preload()

import mlx_lm.utils  # noqa: E402 -- after the BLAS

from engine.routing.predictor import save_predictor  # noqa: E402
from engine.training.checkpoints import flat  # noqa: E402
from engine.training.dev import Documents  # noqa: E402
from engine.training.dialogues import read_dialogues  # noqa: E402
from engine.training.learner import Learner, build  # noqa: E402
from engine.training.marks import settle  # noqa: E402
from engine.training.outside import mixed, utterances  # noqa: E402
from engine.training.recipe import Recipe, Routing  # noqa: E402
from engine.training.renaming import varied  # noqa: E402
from engine.training.run import Run  # noqa: E402
from engine.training.starting import kinds_of, start_from  # noqa: E402
from engine.training.tokenizer import (  # noqa: E402
    END,
    dialogue_encoder,
    load_tokenizer,
    save_tokenizer,
    train_tokenizer,
)

_mlx_lm: Any = mlx_lm.utils

BITS, GROUP = 6, 32
"""With float32 scales, which CPUs compute with fastest: 8 bits a weight, within the 16 MB a repository should hold."""
_SHARE = 0.08
_RENAMED = 0.5
_ECHOES = 0.2
_SMALLER_SETS = ((4, 0.45), (8, 0.35), (16, 0.1), (32, 0.1))
"""The second run's: sets that miss half of the kinds are learnt last."""
_SECOND_RATE, _SECOND_COPYING, _SECOND_SEED, _SECOND_STEPS = 1e-3, 0.1, 1, 900
_HEEDED = 0.3
"""The map of experts shows what is wished for, so that sets should cover it."""
_DEV = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True, help="dialogues to train on")
    parser.add_argument("--dev", type=Path, required=True, help="dialogues to look at while training")
    parser.add_argument("--prompts", type=Path, required=True, help="the public prompt sets (docs/builtin.md)")
    parser.add_argument("--out", type=Path, required=True, help="run/ and model/ are made here")
    parser.add_argument("--start", type=Path, help="go on from the model of this folder, made by an earlier run")
    parser.add_argument("--steps", type=int, help=f"{Recipe().steps} when not given, {_SECOND_STEPS} with --start")
    given = parser.parse_args()
    recipe = _recipe(given.steps, given.start)
    corpus = varied(read_dialogues(given.corpus), _RENAMED, _ECHOES, recipe.seed)
    dialogues = mixed(corpus, *utterances(given.prompts), share=_SHARE, seed=recipe.seed)
    if given.start is None:
        tokenizer = train_tokenizer((t.text for d in dialogues for t in d), recipe.shape.vocabulary)
    else:
        tokenizer = load_tokenizer(given.start)
    encode = dialogue_encoder(tokenizer)
    dev = read_dialogues(given.dev)
    run = Run(recipe, [encode(d) for d in dialogues], [encode(d) for d in dev[:_DEV]], given.out / "run")
    if given.start is not None:
        start_from(given.start, run.learner)
    learner = run.go()
    folder = given.out / "model"
    folder.mkdir(exist_ok=True)
    save_tokenizer(tokenizer, folder, recipe.shape.context)
    save_model(learner, recipe, folder, tokenizer.get_vocab()[END], run.train)


def _recipe(steps: int | None, start: Path | None) -> Recipe:
    first = Recipe(prompts=True, heeded=_HEEDED)
    if start is None:
        return replace(first, steps=steps or first.steps)
    return replace(
        first,
        steps=steps or _SECOND_STEPS,
        rate=_SECOND_RATE,
        predictor_rate=_SECOND_RATE / 10,
        copying=_SECOND_COPYING,
        counts=_SMALLER_SETS,
        kinds=kinds_of(start, first.shape),
        whole=0,
        seed=_SECOND_SEED,
    )


def save_model(
    learner: Learner, recipe: Recipe, folder: Path, end: int, prompts: Documents, bits: int | None = BITS
) -> None:
    """The stock model of `learner`, quantised by mlx-lm, and its predictor if it has one, its marks from `prompts`."""
    model = build(recipe.shape)
    model.load_weights(flat(learner.model.parameters()))
    model.eval()
    config = recipe.shape.config() | {"eos_token_id": end}
    if bits is not None:
        model, config = _mlx_lm.quantize_model(model, config, group_size=GROUP, bits=bits)
    _mlx_lm.save_model(folder, model)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    if recipe.routing is Routing.FROZEN:
        settle(learner.predictor, model, recipe, prompts)
        save_predictor(folder, learner.predictor)


if __name__ == "__main__":
    main()
