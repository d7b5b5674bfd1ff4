"""The steps of a tuning: draws, losses, gradients, checkpoints. Stopped or killed, it goes on from the last one.

Engine thread only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx.utils import tree_map

from engine.errors import Cancelled, KnownError
from engine.lab.jobs import Progress
from engine.training.tuning import state
from engine.training.tuning.draws import Draw, draws
from engine.training.tuning.request import Request
from engine.training.tuning.tuner import Losses, Tuner

RATE, PREDICTOR_RATE = 2e-3, 1e-2
OUTSIDE, DISTILLATION = 0.01, 1.0
"""What the routers' wishes outside the set and the predictor's distance from their wishes count beside the nll. The
more for the first, the sooner all prompts' sets are the same (docs/tuning.md).
"""
_CLIP = 1.0
_FADE = 0.995
"""Of the prior, per sequence: routers move while they are tuned."""
_LATELY = 0.95
_GOOD = 0.01
"""The predictor's sets serve once they cover as much as the routers' own, up to this."""


@dataclass
class Run:
    """counts: set sizes to draw from. folder: where the state lies. said: names the run, see `Request.settings`."""

    request: Request
    tuner: Tuner
    train: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    folder: Path
    said: str
    progress: Progress
    step: int = 0
    lately: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prior = np.zeros_like(self.tuner.opened.residency.prior)
        self.optimizers = {part: _adam(self.request.steps, rate) for part, rate in _RATES.items()}
        for part, optimizer in self.optimizers.items():
            optimizer.init({part: self.tuner.learnt[part]})

    def go(self) -> None:
        """To the last step; from the last state if there is one.

        Raises:
            KnownError: the state there is broken or of another run; the loss is no number any more.
            Cancelled: stopped; the state of the last whole step is kept.
        """
        self._resume()
        try:
            while self.step < self.request.steps:
                self._tell()
                self._step()
                self.step += 1
                if self.step % self.request.every == 0 or self.step == self.request.steps:
                    self._save()
        except Cancelled:
            if self.step:
                self._save()
            raise

    # --- a step -------------------------------------------------------------------------------------------

    def _step(self) -> None:
        total: Any = None
        prior = self.prior
        for draw in draws(self.train, self.counts, self.step, self.request.sequences, self.request.seed):
            losses, gradients = self._gradients(draw, prior)
            total = gradients if total is None else tree_map(mx.add, total, gradients)
            mx.eval(total)
            mx.clear_cache()
            prior = prior * _FADE + np.array(losses.wishes) * (len(draw.tokens) - 1)
            self._note(losses, draw)
            self.tuner.pulse()
        for part, optimizer in self.optimizers.items():  # the predictor's slopes must not hold the model's back
            mean = {part: tree_map(lambda g: g / self.request.sequences, total[part])}
            clipped, _ = optim.clip_grad_norm(mean, _CLIP)
            self.tuner.learnt |= optimizer.apply_gradients(clipped, {part: self.tuner.learnt[part]})
        mx.eval(self.tuner.learnt, [o.state for o in self.optimizers.values()])
        self.prior = prior
        if self.step == 0:
            self._predict_the_popular()

    def _gradients(self, draw: Draw, prior: Any) -> tuple[Losses, Any]:
        self.tuner.choose(draw, prior, predicted=draw.predicted and self._predictor_is_good())

        def loss(learnt: Any) -> tuple[mx.array, Losses]:
            losses = self.tuner.losses(learnt, draw)
            return losses.nll + OUTSIDE * losses.outside + DISTILLATION * losses.distillation, losses

        losses: Losses
        (_, losses), gradients = mx.value_and_grad(loss)(self.tuner.learnt)
        mx.eval(losses, gradients)
        if not math.isfinite(float(losses.nll.item())):  # type: ignore[arg-type]
            raise KnownError(f"The loss is no number at step {self.step + 1}.", "Tune with another text.")
        return losses, gradients

    def _predict_the_popular(self) -> None:
        """The predictor starts from what is wanted in general."""
        share = self.prior / self.prior.sum(axis=1, keepdims=True)
        logs = np.log(share * share.shape[1] + 0.05).reshape(-1)
        self.tuner.learnt["predictor"]["widen"]["bias"] = mx.array(logs.astype(np.float32))

    # --- how it goes --------------------------------------------------------------------------------------

    def _note(self, losses: Losses, draw: Draw) -> None:
        """Running means; covered: by a set of the size drawn, as it was chosen and as the predictor ranks."""
        resident = self.tuner.opened.resident
        assert resident is not None
        wishes, scores = np.array(losses.wishes), np.array(losses.scores)
        best = np.argsort(-scores, axis=-1, kind="stable")[:, : draw.count]
        found = {
            "nll": float(losses.nll.item()),  # type: ignore[arg-type]
            "outside": float(losses.outside.item()),  # type: ignore[arg-type]
            "covered": float((wishes * resident.tables().here).sum(axis=-1).mean()),
            "predicted": float(np.take_along_axis(wishes, best, axis=-1).sum(axis=-1).mean()),
        }
        for name, value in found.items():
            before = self.lately.get(name, value)
            self.lately[name] = before + (1 - _LATELY) * (value - before)

    def _predictor_is_good(self) -> bool:
        return self.step > 0 and self.lately.get("predicted", 0) >= self.lately.get("covered", 1) - _GOOD

    def _tell(self) -> None:
        words = f"step {self.step + 1} of {self.request.steps}"
        if self.lately:
            words += f", nll {self.lately['nll']:.3f}, covered {self.lately['covered']:.0%}"
        self.progress(self.step, self.request.steps, words, {"step": self.step, **self.lately} if self.step else None)

    # --- state --------------------------------------------------------------------------------------------

    def _tree(self) -> dict[str, Any]:
        states = {part: optimizer.state for part, optimizer in self.optimizers.items()}
        return {"learnt": self.tuner.learnt, "optimizers": states, "prior": mx.array(self.prior)}

    def _save(self) -> None:
        header = {"settings": self.said, "step": str(self.step), "lately": json.dumps(self.lately)}
        state.save(self.folder, self._tree(), header)

    def _resume(self) -> None:
        loaded: tuple[Any, Mapping[str, str]] | None = state.load(self.folder, self._tree(), self.said)
        if loaded is None:
            return
        tree, header = loaded
        self.tuner.learnt, self.prior = tree["learnt"], np.array(tree["prior"])
        for part, optimizer in self.optimizers.items():
            optimizer.state = tree["optimizers"][part]
        self.step, self.lately = int(header["step"]), json.loads(header["lately"])


_RATES: Mapping[str, float] = {"layers": RATE, "predictor": PREDICTOR_RATE}


def _adam(steps: int, rate: float) -> optim.AdamW:
    warm_up = max(1, min(20, steps // 10))
    schedule = optim.join_schedules(
        [
            optim.linear_schedule(rate / warm_up, rate, warm_up),
            optim.cosine_decay(rate, max(steps - warm_up, 1), rate * 0.05),
        ],
        [warm_up],
    )
    return optim.AdamW(learning_rate=schedule, betas=[0.9, 0.95], weight_decay=0.01, bias_correction=True)
