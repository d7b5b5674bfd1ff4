"""A training run: draws, steps, checkpoints, a log. Killed at any moment it goes on from its last checkpoint.

Every step's randomness comes from (seed, step), so that a resumed run sees what an unbroken one would have seen.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx import nn

from engine.errors import KnownError
from engine.training.checkpoints import load_checkpoint, parameters, save_checkpoint, trainable
from engine.training.dev import Documents, dev_nll
from engine.training.dialogues import Batch, batches
from engine.training.learner import Learner, Losses
from engine.training.marks import settle
from engine.training.recipe import Recipe, Routing
from engine.training.spans import draw
from engine.training.variants import shared, split

_LOG = "log.jsonl"


@dataclass
class Run:
    """folder: where checkpoint and log lie. say: is told a line now and then.

    every, look_every: steps between checkpoints, and between looks at `dev`, which take as long as 20 steps.
    """

    recipe: Recipe
    train: Documents
    dev: Documents
    folder: Path
    say: Callable[[str], None] = print
    every: int = 100
    look_every: int = 500

    def __post_init__(self) -> None:
        mx.random.seed(self.recipe.seed)
        self.learner = Learner(self.recipe)
        recipe = self.recipe
        self.optimizer = optim.MultiOptimizer(
            [_adam(recipe, recipe.predictor_rate), _adam(recipe, recipe.rate)],
            [lambda path, _gradient: path.startswith("predictor.")],
        )
        self.optimizer.init(trainable(self.learner))
        self.step = 0
        self.folder.mkdir(parents=True, exist_ok=True)

    def go(self) -> Learner:
        """Train to the last step; from the last checkpoint if there is one.

        Raises:
            KnownError: the checkpoint there is broken or of another recipe; the loss is no number any more.
        """
        self.step = load_checkpoint(self.folder, self.recipe, self.learner, self.optimizer)
        if self.step:
            self.say(f"goes on from step {self.step}")
        for batch in self._batches():
            if self.step >= self.recipe.steps:
                break
            begun = time.perf_counter()
            self._begin()
            losses = self._step(batch)
            self.step += 1
            if self.step % 20 == 0:
                self._log(losses, batch, time.perf_counter() - begun)
            if self.step % self.every == 0 or self.step == self.recipe.steps:
                save_checkpoint(self.folder, self.step, self.recipe, self.learner, self.optimizer)
            if self.step % self.look_every == 0 or self.step == self.recipe.steps:
                self._look()
        return self.learner

    # --- one step ---------------------------------------------------------------------------------------

    def _batches(self) -> Iterator[Batch]:
        """From the present step on."""
        at = 0
        for epoch in range(self.recipe.steps + 1):
            random = np.random.default_rng([self.recipe.seed, epoch])
            for batch in batches(self.train, self.recipe.batch_tokens, self.recipe.longest, random):
                if at >= self.step:
                    yield batch
                at += 1

    def _begin(self) -> None:
        """Kinds are whole, or not any more: then every variant goes on from its kind."""
        recipe, learner = self.recipe, self.learner
        if recipe.routing is not Routing.FROZEN or not recipe.kinds:
            return
        learner.whole = self.step < recipe.whole
        if recipe.whole and self.step == recipe.whole:
            learner.update(split(parameters(learner), recipe.shape.experts, recipe.kinds))
            self.optimizer.state = split(self.optimizer.state, recipe.shape.experts, recipe.kinds)

    def _step(self, batch: Batch) -> Losses:
        recipe = self.recipe
        random = np.random.default_rng([recipe.seed, self.step, 1])
        mx.random.seed(recipe.seed * 1_000_003 + self.step)
        spans = draw(recipe, batch.lengths, random)
        left = 1 - self.step / recipe.steps
        noise, copying = recipe.noise * left, recipe.copying * left

        def loss(tokens: mx.array, lengths: mx.array) -> tuple[mx.array, Losses]:
            losses = self.learner.losses(tokens, lengths, spans, noise)
            sets = recipe.consistency * losses.outside + recipe.distillation * losses.distillation
            return losses.nll + sets + recipe.contrast * losses.contrast + copying * losses.looking, losses

        inputs = mx.array(batch.tokens), mx.array(batch.lengths)
        losses: Losses
        (_, losses), gradients = nn.value_and_grad(self.learner, loss)(*inputs)
        for part in gradients:  # the predictor's slopes are steep at first and must not hold the model's back
            gradients[part], _ = optim.clip_grad_norm(gradients[part], recipe.clip)
        if recipe.routing is Routing.FROZEN and recipe.kinds and not self.learner.whole:
            gradients = shared(gradients, recipe.shape.experts, recipe.kinds, recipe.shared)
        self.optimizer.update(self.learner, gradients)
        mx.eval(parameters(self.learner), self.optimizer.state, losses)
        if not math.isfinite(_number(losses.nll)):
            raise KnownError(f"The loss is no number at step {self.step}.", "Train with a lower rate.")
        self.learner.balance(losses)
        return losses

    # --- what is told -----------------------------------------------------------------------------------

    def _log(self, losses: Losses, batch: Batch, seconds: float) -> None:
        line = {
            "step": self.step,
            "nll": round(_number(losses.nll), 4),
            "outside": round(_number(losses.outside), 4),
            "distillation": round(_number(losses.distillation), 4),
            "contrast": round(_number(losses.contrast), 4),
            "looking": round(_number(losses.looking), 4),
            "even": round(_evenness(losses.loads), 3),
            "overlap": round(_overlap(losses.usage, len(batch.lengths), self.recipe.home), 3),
            "tokens_per_second": round(float(batch.lengths.sum()) / seconds),
        }
        self._write(line)

    def _look(self) -> None:
        if self.recipe.routing is Routing.FROZEN:
            settle(self.learner.predictor, self.learner.model, self.recipe, self.train)
        self._write({"step": self.step, "dev": {k: round(v, 4) for k, v in dev_nll(self.learner, self.dev).items()}})

    def _write(self, line: dict[str, Any]) -> None:
        with (self.folder / _LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")
        self.say(json.dumps(line))


def _adam(recipe: Recipe, rate: float) -> optim.AdamW:
    schedule = optim.join_schedules(
        [
            optim.linear_schedule(0.0, rate, recipe.warm_up),
            optim.linear_schedule(rate, 0.0, max(recipe.steps - recipe.warm_up, 1)),
        ],
        [recipe.warm_up],
    )
    return optim.AdamW(learning_rate=schedule, betas=[0.9, 0.95], weight_decay=recipe.decay)


def _overlap(usage: mx.array, sequences: int, home: int) -> float:
    """Share of one sequence's home set that is in another's, on average: 1 when the sets have collapsed into one."""
    if usage.ndim < 2 or sequences < 2:
        return 0.0
    pairs = _number(mx.square(usage * sequences).sum(axis=-1).mean()) - sequences * home
    return pairs / ((sequences - 1) * sequences * home)


def _evenness(loads: mx.array) -> float:
    """How many experts the tokens' choices are as good as spread over, as a share of all."""
    if loads.ndim < 2:
        return 0.0
    shares = np.array(loads) / np.array(loads).sum(axis=-1, keepdims=True)
    nats = -(shares * np.log(np.maximum(shares, 1e-9))).sum(axis=-1)
    return float((np.exp(nats) / shares.shape[-1]).mean())


def _number(a: mx.array) -> float:
    return float(a.item())  # type: ignore[arg-type]
