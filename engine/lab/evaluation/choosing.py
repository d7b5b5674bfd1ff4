"""How the set of a document is chosen: by what its prompt wants, by a ranking that is given. Engine thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.scores import Floats, Scores
from engine.lab.evaluation.stage import Stage
from engine.routing.predicting import Predicting
from engine.routing.selecting import Selecting


@dataclass(frozen=True)
class Setting:
    """What all rows share. ration: bytes per token and layer that `lru-rationed` may read."""

    stage: Stage
    seed: int
    ration: float = 0.0


@dataclass(frozen=True)
class Case:
    """One document at one residency. prior: [L, E], what the other documents wanted."""

    number: int
    document: Document
    prior: Floats
    count: int

    @property
    def prompt(self) -> tuple[int, ...]:
        """What is prefilled: the last token of a prompt is the first step."""
        return self.document.tokens[: self.document.prompt - 1]


Serve = Callable[[Setting, Case], Scores]
Prepare = Callable[[Setting, Case], list[Any]]
"""Begins the document, prefills its prompt and leaves the residents in place; returns the caches."""


def by_prefill(setting: Setting, case: Case) -> list[Any]:
    """As fast does: each layer's residents are chosen while the prompt passes, and serve it."""
    stage = setting.stage
    caches = stage.begin(case.count, case.prior)
    opened = stage.opened
    assert opened.resident is not None
    selecting = Selecting(opened.blocks, opened.resident, opened.residency, case.count, stage.pulse, stage.wait)
    try:
        stage.prefill(caches, case.prompt, selecting)
    finally:
        selecting.close()
    return caches


def by_prediction(setting: Setting, case: Case) -> list[Any]:
    """As fast does where a predictor lies beside the checkpoint: it picks for all layers before the first."""
    stage, opened = setting.stage, setting.stage.opened
    caches = stage.begin(case.count, case.prior)
    assert opened.resident is not None
    assert opened.predictor is not None
    predicting = Predicting(
        opened.predictor, [], opened.blocks, opened.resident, opened.residency, case.count, stage.pulse, stage.wait
    )
    try:
        stage.prefill(caches, case.prompt, predicting)
    finally:
        predicting.close()
    predicting.note()
    return caches


def by_exact_prefill(setting: Setting, case: Case) -> list[Any]:
    """As balanced does: the prompt passes exactly, and the best of what it wanted stay."""
    stage, residency = setting.stage, setting.stage.opened.residency
    caches = stage.begin(case.count, case.prior)
    exact = stage.exact(case.count)
    stage.prefill(caches, case.prompt, exact)
    exact.finish()
    ranked = [residency.ranking(layer, exact.wishes[layer]) for layer in range(stage.layers)]
    stage.install([residency.best(ranking, case.count) for ranking in ranked])
    return caches


def by_ranking(rank: Callable[[Setting, Case], np.ndarray]) -> Prepare:
    """A given set, which serves the prompt as well. rank: [L, E] scores, higher is better."""

    def prepare(setting: Setting, case: Case) -> list[Any]:
        stage = setting.stage
        resident = stage.opened.resident
        assert resident is not None
        caches = stage.begin(case.count, case.prior)
        order = np.argsort(-rank(setting, case), axis=-1, kind="stable")
        stage.install([stage.opened.residency.best(ranking, case.count) for ranking in order])
        stage.prefill(caches, case.prompt, resident)
        return caches

    return prepare


def popularity(_setting: Setting, case: Case) -> np.ndarray:
    return case.prior


def chance(setting: Setting, case: Case) -> np.ndarray:
    draw = np.random.default_rng([setting.seed, case.number])
    return draw.random((setting.stage.layers, setting.stage.experts))
