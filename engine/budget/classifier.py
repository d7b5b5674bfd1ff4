"""Linear models from a text to its use case and to how likely a weak model fails at it. Any thread; no MLX, no network.

Knows no rules: attachments, entry points and what follows from a judgement are in difficulty.py. The weights come
with Cadre (resources/difficulty) and are made by engine/training/difficulty.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.budget.counted import COUNTED
from engine.budget.features import SEEN_BITS, Features, features
from engine.budget.request import UseCase
from engine.models import places

Floats = npt.NDArray[np.float32]

CASES = (
    UseCase.SMALL_TALK,
    UseCase.COMMAND,
    UseCase.QUESTION,
    UseCase.WRITING,
    UseCase.CODE,
    UseCase.MATHEMATICS,
    UseCase.REASONING,
)
"""What words alone can tell, in the order of the weights' first columns; the last column is failing."""
FAILS = len(CASES)
NAMED = 4
"""Letters from which a word explains something to a person: "the" decides now and then, and says nothing."""

_THINGS = list(COUNTED.values())
_STORED = ("grams", "counts", "bias", "mean", "spread")


@dataclass(frozen=True)
class Weights:
    """grams: float32 [BUCKETS, CASES + 1]. counts: [COUNTED, CASES + 1]. mean, spread: of the counts' logarithms.

    known: bool [SEEN_BITS], True where a word of the training texts fell.
    """

    grams: Floats
    counts: Floats
    bias: Floats
    mean: Floats
    spread: Floats
    known: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Reading:
    """shares: of CASES, summing to 1. fails: P(a weak model fails). familiar: share of words known; None without words.

    names: the things and words that can be named. parts: what each added to the logits, [names, CASES + 1].
    """

    shares: Floats
    fails: float
    familiar: float | None
    found: Features
    names: tuple[str, ...]
    parts: Floats

    @property
    def case(self) -> UseCase:
        return CASES[int(self.shares.argmax())]


class Classifier:
    """Reads texts. Keeps nothing of them."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def read(self, text: str) -> Reading:
        weights, found = self._weights, features(text)
        counts = standardised(found.counts, weights.mean, weights.spread)
        logits = weights.bias + counts @ weights.counts + weights.grams[found.indices].sum(axis=0) * found.scale
        raised = np.exp(logits[:FAILS] - logits[:FAILS].max())
        familiar = float(weights.known[found.known_at].mean()) if len(found.known_at) else None
        fails = 1 / (1 + float(np.exp(-logits[FAILS])))
        names, parts = self._parts(found, counts)
        return Reading(raised / raised.sum(), fails, familiar, found, names, parts)

    def _parts(self, found: Features, counts: Floats) -> tuple[tuple[str, ...], Floats]:
        things = [i for i, thing in enumerate(_THINGS) if thing.one and found.counts[i]]
        words = {word: bucket for word, bucket in found.words.items() if len(word) >= NAMED}
        names = [_THINGS[i].say(int(found.counts[i])) for i in things] + [f"“{word}”" for word in words]
        of_things = counts[things, None] * self._weights.counts[things]
        of_words = self._weights.grams[list(words.values())] * found.scale if words else of_things[:0]
        return tuple(names), np.concatenate([of_things, of_words])


def standardised(counts: Floats, mean: Floats, spread: Floats) -> Floats:
    """Logarithms, so that the tenth number says less than the first; nothing is further out than three spreads."""
    scaled: Floats = np.clip((np.log1p(counts) - mean) / spread, -3, 3).astype(np.float32)
    return scaled


@cache
def shipped() -> Classifier:
    """Read once, about ten milliseconds."""
    return Classifier(load(places.resources() / "difficulty" / "weights.npz"))


def load(file: Path) -> Weights:
    with np.load(file) as stored:
        known = np.unpackbits(stored["known"], count=SEEN_BITS).astype(bool)
        grams, counts, bias, mean, spread = (stored[n].astype(np.float32) for n in _STORED)
        return Weights(grams, counts, bias, mean, spread, known)


def save(file: Path, weights: Weights) -> None:
    """Half precision; weights that hardly matter are 0, which the compression likes."""
    grams = np.where(np.abs(weights.grams) < 0.01, 0, weights.grams).astype(np.float16)
    np.savez_compressed(
        file,
        grams=grams,
        counts=weights.counts,
        bias=weights.bias,
        mean=weights.mean,
        spread=weights.spread,
        known=np.packbits(weights.known),
    )
