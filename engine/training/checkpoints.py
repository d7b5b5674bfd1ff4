"""The state of a run in one file, replaced whole: weights, optimiser, step, recipe. Knows neither data nor steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
from mlx.utils import tree_flatten, tree_unflatten

from engine.errors import KnownError
from engine.training.learner import Learner
from engine.training.recipe import Recipe

_FILE = "checkpoint.safetensors"
_MODEL, _OPTIMIZER = "model.", "optimizer."


def parameters(learner: Learner) -> Any:
    return learner.parameters()  # type: ignore[no-untyped-call]


def trainable(learner: Learner) -> Any:
    return learner.trainable_parameters()  # type: ignore[no-untyped-call]


def save_checkpoint(folder: Path, step: int, recipe: Recipe, learner: Learner, optimizer: optim.Optimizer) -> None:
    """Beside the old one first: whatever happens, a whole one is there."""
    arrays = {_MODEL + n: a for n, a in flat(parameters(learner))}
    arrays |= {_OPTIMIZER + n: a for n, a in flat(optimizer.state)}
    unfinished = folder / f"unfinished-{_FILE}"
    mx.save_safetensors(str(unfinished), arrays, {"step": str(step), "recipe": _text(recipe)})
    unfinished.replace(folder / _FILE)


def load_checkpoint(folder: Path, recipe: Recipe, learner: Learner, optimizer: optim.Optimizer) -> int:
    """Bring learner and optimiser to where the last checkpoint was; returns its step, 0 when there is none.

    Raises:
        KnownError: the checkpoint is broken or of another recipe.
    """
    path = folder / _FILE
    if not path.exists():
        return 0
    try:
        loaded: Any = mx.load(str(path), return_metadata=True)
        arrays, header = loaded
        same, step = header["recipe"] == _text(recipe), int(header["step"])
    except (RuntimeError, ValueError, KeyError) as error:
        raise KnownError(f"{path} cannot be read.", "Delete it to start over.") from error
    if not same:
        raise KnownError(f"{folder} holds a run of another recipe.", "Choose another folder, or delete it.")
    learner.load_weights(_part(arrays, _MODEL))
    optimizer.state = tree_unflatten(_part(arrays, _OPTIMIZER))
    return step


def flat(tree: Any) -> list[tuple[str, mx.array]]:
    """The arrays of a tree by their paths."""
    found: Any = tree_flatten(tree)
    return list(found)


def _part(arrays: dict[str, mx.array], prefix: str) -> list[tuple[str, mx.array]]:
    return [(name[len(prefix) :], a) for name, a in arrays.items() if name.startswith(prefix)]


def _text(recipe: Recipe) -> str:
    """What a run may not change half-way: all but its length."""
    return json.dumps({name: value for name, value in recipe.as_dict().items() if name != "steps"}, sort_keys=True)
