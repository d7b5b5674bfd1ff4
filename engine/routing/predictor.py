"""The predictor: from the hidden states after the first dense layers, pooled over the prompt, to a score per expert.

One small network picks the experts of all layers at once, so that all reads are issued together. Its file lies
beside a checkpoint. The form follows Hou et al., Instruction-Following Pruning, arXiv 2501.02086 (a head with a narrow
middle on a prompt's hidden state, one row of scores per layer), with attention pooling in place of the last token.
Knows neither banks nor files of experts. Engine thread only.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten

from engine.errors import KnownError

FILE = "predictor.safetensors"
_VERSION = "1"
_HEADS = 4
_WIDTH = 16
_MOST = 4.0


class Predictor(nn.Module):
    """hidden: the model's hidden size D. layers, experts: L MoE layers of E routed experts each.

    kinds: the experts of each layer are so many kinds of equally many variants, one kind after the other, and a set has
    equally many of each. 1 where nobody trained them so.
    """

    def __init__(self, hidden: int, layers: int, experts: int, kinds: int = 1) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._shape = (hidden, layers, experts)
        self.kinds = kinds
        self.norm = nn.RMSNorm(hidden)
        self.attend = nn.Linear(hidden, _HEADS, bias=False)
        self.narrow = nn.Linear(_HEADS * hidden, _WIDTH)
        self.widen = nn.Linear(_WIDTH, layers * experts)
        self.mark = mx.zeros((layers, experts))
        self.scale = mx.ones((layers, experts))

    def __call__(self, h: mx.array) -> mx.array:
        """Scores [B, L, E] that rank, for the hidden states [B, T, D] of prompts."""
        return self.evened(measured(self.raw(h), self.mark, self.scale))

    def evened(self, scores: mx.array) -> mx.array:
        """Scores [B, L, E] within (-4, 4), so that the best of each kind rank before all second ones, and so on."""
        if self.kinds == 1:
            return scores
        by_kind = scores.reshape(*scores.shape[:-1], self.kinds, -1)
        rank = mx.argsort(mx.argsort(-by_kind, axis=-1), axis=-1)
        return (by_kind - 2 * _MOST * rank).reshape(scores.shape)

    def raw(self, h: mx.array, seen: mx.array | None = None) -> mx.array:
        """Scores [B, L, E] before that; seen: bool [B, T], what belongs to the prompts."""
        h = self.norm(h)
        weights = self.attend(h).astype(mx.float32)  # [B, T, heads]
        if seen is not None:
            weights = mx.where(seen[..., None], weights, -1e9)
        weights = mx.softmax(weights, axis=1).astype(h.dtype)
        pooled = (weights.swapaxes(1, 2) @ h).reshape(h.shape[0], -1)
        scores: mx.array = self.widen(nn.silu(self.narrow(pooled)))
        return scores.reshape(h.shape[0], *self._shape[1:])


def measured(raw: mx.array, mark: mx.array, scale: mx.array) -> mx.array:
    """Raw scores [B, L, E] against what is usual for each expert [L, E], within (-4, 4).

    What counts is how much more than others this prompt wants an expert, so that none is in every set or in none.
    """
    return _MOST * mx.tanh((raw - mark) / (scale * _MOST))


def usual(raw: mx.array, share: float) -> tuple[mx.array, mx.array]:
    """Of raw scores [B, L, E] over prompts, per expert: the mark that `share` of them pass; how far they spread.

    By rank, not by mean and variance: one prompt unlike all others must not make those look alike.
    """
    ordered = mx.sort(raw, axis=0)
    prompts = raw.shape[0]
    mark = ordered[min(int(prompts * (1 - share)), prompts - 1)]
    middle = ordered[prompts // 2]
    return mark, mx.sort(mx.abs(raw - middle), axis=0)[prompts // 2] + 1e-3


def save_predictor(folder: Path, predictor: Predictor) -> None:
    """Write `predictor` beside a checkpoint, in float16."""
    flat: Any = tree_flatten(_parameters(predictor))
    arrays = {name: a.astype(mx.float16) for name, a in flat}
    header = {"version": _VERSION, "shape": json.dumps(predictor._shape), "kinds": str(predictor.kinds)}
    mx.save_safetensors(str(folder / FILE), arrays, header)


def load_predictor(folder: Path, hidden: int, layers: int, experts: int) -> Predictor | None:
    """The predictor beside a checkpoint; None when there is none.

    Raises:
        KnownError: it is broken or was made for a model of another shape.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        loaded: Any = mx.load(str(path), return_metadata=True)
        arrays, header = loaded
        shape = json.loads(header.get("shape", "null"))
        kinds = int(header.get("kinds", "1"))
        if header.get("version") != _VERSION or shape != [hidden, layers, experts] or not _divides(kinds, experts):
            raise ValueError(f"made for {shape}")
        predictor = Predictor(hidden, layers, experts, kinds)
        predictor.load_weights([(n, a.astype(mx.float32)) for n, a in arrays.items()])
    except (ValueError, RuntimeError) as error:
        raise KnownError(
            f"The predictor beside this model cannot be used ({str(error).splitlines()[0][:120]}).",
            f"Delete {FILE} from the model's folder; the experts are then picked by the router.",
        ) from error
    predictor.freeze()
    predictor.eval()
    mx.eval(_parameters(predictor))
    return predictor


def _divides(kinds: int, experts: int) -> bool:
    return kinds > 0 and experts % kinds == 0


def _parameters(predictor: Predictor) -> Any:
    return predictor.parameters()  # type: ignore[no-untyped-call]
