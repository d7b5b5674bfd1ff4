"""How the tokens after a prompt are served: by the engine, or by leaving out what is missing. Engine thread only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import mlx.core as mx
import numpy as np

from engine.budget.points import slots_for
from engine.lab.evaluation.choosing import Case, Prepare, Serve, Setting, by_exact_prefill
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.scores import Scores
from engine.lab.evaluation.stage import Stage, score
from engine.lab.evaluation.tracing import pieces
from engine.lab.evaluation.walking import Serving, Walk
from engine.lab.evaluation.ways import LeastRecent, Leaving, Listening
from engine.routing.block import Way


def walked(prepare: Prepare, serving: Serving) -> Serve:
    def serve(setting: Setting, case: Case) -> Scores:
        caches = prepare(setting, case)
        return Walk(setting.stage, case.document, caches, case.count, serving).run()

    return serve


def leaving(*, renormalise: bool) -> Serve:
    """The set that balanced chooses; a missing expert's weight is lost, or shared among those that are here."""

    def serve(setting: Setting, case: Case) -> Scores:
        stage = setting.stage
        caches = by_exact_prefill(setting, case)
        stage.route_by_all()
        here = np.array([b.bank.table.slot_of >= 0 for b in stage.opened.blocks])
        scores, way = Scores.empty(case.document.scored), Leaving(stage.opened.blocks, renormalise=renormalise)
        for logits, at, listening in _continued(stage, case.document, caches, way):
            covered = listening.served(here).coverage.mean(axis=1)
            scores.coverage[at : at + len(covered)] = covered
            _scored(logits, case.document, scores, at)
        return scores

    return serve


def least_recent(*, rationed: bool, renormalise: bool = False) -> Serve:
    """The prompt passes exactly and fills the banks, on top of what was popular; then misses are left out."""

    def serve(setting: Setting, case: Case) -> Scores:
        stage, residency = setting.stage, setting.stage.opened.residency
        caches = stage.begin(stage.fits, case.prior)
        slots = slots_for(case.count, stage.experts)
        nothing = np.zeros(stage.experts, np.float32)
        banks = [residency.best(residency.ranking(i, nothing), slots) for i in range(stage.layers)]
        exact = stage.exact(stage.fits)
        ration = setting.ration if rationed else None
        way = LeastRecent(exact, banks, slots, ration, renormalise=renormalise)
        stage.prefill(caches, case.prompt, way)
        way.dropping = True
        scores = Scores.empty(case.document.scored)
        for logits, at, _ in _continued(stage, case.document, caches, way):
            _scored(logits, case.document, scores, at)
            scores.coverage[at : at + logits.shape[0]] = np.mean(way.coverage, axis=0)
            way.coverage.clear()
            exact.finish()
        scores.bytes_read = way.bytes_read
        return scores

    return serve


def _continued(
    stage: Stage, document: Document, caches: list[Any], way: Way
) -> Iterator[tuple[mx.array, int, Listening]]:
    """(logits [T, V], place of the first among the scored, who listened) of each piece after the prompt."""
    for start, end in pieces(document.prompt - 1, len(document.tokens) - 1, stage.piece):
        listening = Listening(way)
        yield stage.forward(caches, document.tokens[start:end], listening), start + 1 - document.prompt, listening
        stage.pulse()


def _scored(logits: mx.array, document: Document, scores: Scores, at: int) -> None:
    score(logits, document.targets[at : at + logits.shape[0]], scores, at)
