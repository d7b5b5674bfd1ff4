"""From examples to the weights of the classifier. Knows no files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.budget.classifier import CASES, Weights, standardised
from engine.budget.features import SEEN_BITS, Features, features
from engine.training.difficulty.prompts import Example
from engine.training.difficulty.regression import Floats, Head, Settings, fit

USE_CASES = Settings(epochs=8, rate=0.2, decay=1e-5)
FAILING = Settings(epochs=4, rate=0.05, decay=1e-5)
IMPORTANCE = {"clinc150": 0.1, "math": 3.0, "gsm8k": 2.0}
"""For learning who fails: what everyday is guessed of counts little, the two small sources more."""

KNOWN_FROM = 3
OWN = 2.0
"""For learning use cases: requests to an assistant that the other sources lack."""


def learn(examples: Sequence[Example]) -> Weights:
    rows = [features(example.text) for example in examples]
    logs = np.log1p(np.array([row.counts for row in rows]))
    mean, spread = logs.mean(axis=0), logs.std(axis=0) + np.float32(1e-3)
    counts = standardised(np.array([row.counts for row in rows]), mean, spread)
    cases, failing = _cases(examples, rows, counts), _failing(examples, rows, counts)
    return Weights(
        np.concatenate([cases.grams, failing.grams], axis=1),
        np.concatenate([cases.counts, failing.counts], axis=1),
        np.concatenate([cases.bias, failing.bias]),
        mean,
        spread,
        _known(rows),
    )


def _cases(examples: Sequence[Example], rows: Sequence[Features], counts: Floats) -> Head:
    """Use cases with few examples count more, though not as much as would make all alike."""
    labels = np.array([CASES.index(example.use_case) for example in examples])
    rarity = 1 / np.bincount(labels, minlength=len(CASES)).clip(1) ** 0.75
    importance = (rarity[labels] * [OWN if e.source == "own" else 1.0 for e in examples]).astype(np.float32)
    return fit(rows, counts, np.eye(len(CASES), dtype=np.float32)[labels], importance / importance.mean(), USE_CASES)


def _failing(examples: Sequence[Example], rows: Sequence[Features], counts: Floats) -> Head:
    chosen = [i for i, example in enumerate(examples) if example.fails is not None]
    targets = np.array([[examples[i].fails] for i in chosen], np.float32)
    importance = np.array([IMPORTANCE.get(examples[i].source, 1.0) for i in chosen], np.float32)
    return fit([rows[i] for i in chosen], counts[chosen], targets, importance, FAILING)


def _known(rows: Sequence[Features]) -> np.ndarray:
    """Words of three texts: names of a single one, and what was to be translated, are not known."""
    texts = np.bincount(np.concatenate([np.unique(row.known_at) for row in rows]), minlength=SEEN_BITS)
    return texts >= KNOWN_FROM
