"""A run that goes on from a finished, quantised model: its weights as numbers again. Knows neither data nor steps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx

from engine.errors import KnownError
from engine.routing.predictor import load_predictor
from engine.training.learner import Learner
from engine.training.recipe import Shape


def start_from(folder: Path, learner: Learner) -> None:
    """Give `learner` the weights, and the predictor if there is one, of the model in `folder`.

    Raises:
        KnownError: the folder holds no model of this shape.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        weights = _dequantised(_load(folder / "model.safetensors"), config.get("quantization"))
        learner.model.load_weights(list(weights.items()))
        shape = learner.recipe.shape
        if (predictor := load_predictor(folder, shape.hidden, shape.moe_layers, shape.experts)) is not None:
            learner.predictor.update(predictor.parameters())  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise KnownError(f"{folder} holds no model of this shape ({error}).", "Name a folder made by this.") from error


def kinds_of(folder: Path, shape: Shape) -> int:
    """Of how many kinds the experts of the model in `folder` are, see `Recipe`; 0 where they are on their own."""
    predictor = load_predictor(folder, shape.hidden, shape.moe_layers, shape.experts)
    return 0 if predictor is None or predictor.kinds == 1 else predictor.kinds


def _load(path: Path) -> dict[str, mx.array]:
    loaded: Any = mx.load(str(path))
    return dict(loaded)


def _dequantised(arrays: dict[str, mx.array], how: dict[str, Any] | None) -> dict[str, mx.array]:
    if how is None:
        return arrays
    found: dict[str, mx.array] = {}
    for name, array in arrays.items():
        stem, _, part = name.rpartition(".")
        if f"{stem}.scales" not in arrays:
            found[name] = array
        elif part == "weight":
            scales, biases = arrays[f"{stem}.scales"], arrays[f"{stem}.biases"]
            found[name] = mx.dequantize(array, scales, biases, how["group_size"], how["bits"]).astype(mx.float32)
    return found
