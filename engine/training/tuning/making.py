"""One tuning from the first measurement to the finished folder; what was done before a stop is not done again.

Engine thread only.
"""

from __future__ import annotations

import gc
import hashlib
import json
import shlex
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import mlx.core as mx

from engine.budget.points import Shape, slots_for
from engine.checkpoint.folder import Checkpoint
from engine.experts.prior import write_prior
from engine.generation.opened import open_model
from engine.lab.evaluation.steps import Steps
from engine.models.places import model_name
from engine.routing.predictor import FILE as PREDICTOR
from engine.routing.predictor import save_predictor
from engine.training.tuning.card import card
from engine.training.tuning.draws import draws, sizes
from engine.training.tuning.figures import figures
from engine.training.tuning.promise import Promise
from engine.training.tuning.request import Request
from engine.training.tuning.result import CARD, lay_out, move, write_over
from engine.training.tuning.run import Run
from engine.training.tuning.texts import Texts
from engine.training.tuning.tuner import Tuner

WORK = "tuning"
"""Below the result's folder, what is needed to go on; deleted when the model is there."""
_ALIKE = 0.9
_NOTHING = 0.005
_WORSE = 1.01
"""A predictor that costs more than this beside the prompt's own choice is left out."""


@dataclass
class Making:
    request: Request
    base: Checkpoint
    shape: Shape
    promised: Promise
    texts: Texts
    out: Path
    steps: Steps
    notes: list[str] = field(default_factory=list)

    def report(self, begun: float) -> dict[str, Any]:
        request, count = self.request, self.promised.plan.resident
        if self.promised.longest < request.longest:
            self.notes.append(f"Sequences have at most {self.promised.longest} tokens, for memory.")
        before = self._kept("before", lambda: self._figures(self.base.path, "measuring the model as it is"))
        built, parameters = self._tuned()
        after = self._figures(built, "measuring the tuned model")
        if after["predictor"]["nll"] > after["prefill"]["nll"] * _WORSE:
            (built / PREDICTOR).unlink()
            self.notes.append("The predictor chose worse sets than the prompt's own tokens and was left out.")
        if (after["prefill"]["overlap"] or 0) > _ALIKE > (before["prefill"]["overlap"] or 0):
            self.notes.append("Its sets have become nearly the same for every prompt of this text.")
        report = {
            "name": self.out.name,
            "base": model_name(self.base.path),
            "out": str(self.out),
            "experts": count,
            "all": self.shape.experts,
            "steps": request.steps,
            "sequences": request.sequences,
            "tokens": self._tokens(),
            "text_tokens": self.texts.tokens,
            "documents": len(self.texts.held_out),
            "learnt_parameters": parameters,
            "before": before,
            "after": after,
            "predictor": (built / PREDICTOR).exists(),
            "won_back": _won_back(before, after),
            "memory": asdict(self.promised.memory),
            "seconds": time.perf_counter() - begun,
            "command": self._command(),
            "notes": self.notes,
        }
        (built / CARD).write_text(card(report), encoding="utf-8")
        move(built, self.out)
        shutil.rmtree(self._work, ignore_errors=True)
        return report

    def _tuned(self) -> tuple[Path, int]:
        """Learn, or go on; the folder of what came of it, and how many numbers were learnt."""
        request, count, fits = self.request, self.promised.plan.resident, self.promised.fits
        opened = open_model(self.base.path, lambda _done, _of: self.steps.pulse(), media=False)
        try:
            tuner = Tuner(opened, request.rank, request.seed, self.steps.pulse)
            counts = sizes(self.shape.router, self.shape.experts, count, fits)
            opened.residency.resize(slots_for(max(counts), self.shape.experts))
            run = Run(
                replace(request, longest=self.promised.longest),
                tuner,
                self.texts.train,
                counts,
                self._work,
                self._name(),
                self._progress,
            )
            run.go()
            self.steps.tell("writing the tuned model")
            folder = self._work / "model"
            lay_out(self.base, tuner.changed(), folder)
            write_over(self.base, tuner.results(), folder)
            tuner.predictor.update(tuner.learnt["predictor"])
            save_predictor(folder, tuner.predictor)
            write_prior(self.out, run.prior)
            return folder, tuner.parameters
        finally:
            opened.close()
            del opened
            gc.collect()
            mx.clear_cache()

    def _progress(self, done: int, of: int, what: str, part: dict[str, Any] | None = None, /) -> None:
        self.steps.done = done
        self.steps.tell(what, part)

    def _figures(self, folder: Path, what: str) -> dict[str, Any]:
        self.steps.tell(what)
        count, request = self.promised.plan.resident, self.request
        return figures(folder, self.texts.held_out, count, request.memory, request.seed, self.steps.pulse)

    def _kept(self, name: str, make: Any) -> Any:
        """What was made before a stop is not made again."""
        path = self._work / f"{name}-{self._name()[-16:]}.json"
        if path.exists():
            return json.loads(path.read_text(encoding="utf-8"))
        made = make()
        self._work.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(made), encoding="utf-8")
        return made

    def _name(self) -> str:
        """Settings, model and text: what a state must agree with to be gone on from."""
        files = [(f.path.name, f.size) for f in self.base.files]
        texts = hashlib.sha256(repr((files, self.texts, self.promised.plan.resident)).encode()).hexdigest()
        return f"{self.request.settings()} {texts[:16]}"

    def _tokens(self) -> int:
        """Of all sequences that were drawn."""
        r, train = self.request, self.texts.train
        return sum(len(d.tokens) for n in range(r.steps) for d in draws(train, (1, 1, 1), n, r.sequences, r.seed))

    def _command(self) -> str:
        r = self.request
        share = r.experts if isinstance(r.experts, int) else f"{r.experts:.3%}".replace(".000", "")
        words = ["cadre", "tune", model_name(self.base.path), "--text", r.text.name, "--experts", str(share)]
        return shlex.join([*words, "--steps", str(r.steps), "--seed", str(r.seed)])

    @property
    def _work(self) -> Path:
        return self.out / WORK


def _won_back(before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
    """Share of what freezing lost before that is lost no more, beside exact as it was; None when it lost next to
    nothing. Above 1 when the model learnt more of the text than freezing takes.
    """
    lost = before["prefill"]["nll"] - before["exact"]
    now = min(after[name]["nll"] for name in ("prefill", "predictor") if name in after)
    return (before["prefill"]["nll"] - now) / lost if lost > _NOTHING * before["exact"] else None
