"""A text as numbers: hashed words, pairs of words, letters, and a few things that can be counted and named. Pure.

Only the beginning and the end of a text are looked at, so that the time is bounded whatever was pasted. Case and
the punctuation of sentences do not count: they tell where a text comes from, not what it asks.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.budget.counted import count

BUCKETS = 1 << 15
SEEN_BITS = 1 << 19
"""Size of the set of words known from training; one word in twenty that it never saw counts as known."""
BEGINNING, END = 1200, 400
"""Characters looked at."""

Indices = npt.NDArray[np.int64]

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?|\d+(?:[.,]\d+)*|[=+\-*/^<>{}\[\]()$\\_;|&#@%~`√∫∑≤≥]")
_MIX = np.uint64(0x9E3779B97F4A7C15)
_PAIR, _LETTERS, _KNOWN, _FIRST = (np.uint64(kind << 33) for kind in (1, 2, 3, 4))


@dataclass(frozen=True)
class Features:
    """indices: hashed n-grams, ascending, each once. counts: float32 [len(COUNTED)], as many as were found.

    words: the bucket of each word, so that a reason can name it. known_at: places in the set of known words.
    """

    indices: Indices
    counts: npt.NDArray[np.float32]
    words: dict[str, int]
    known_at: Indices

    @property
    def scale(self) -> float:
        """What each n-gram counts: long texts have many."""
        return 1.0 / float(np.sqrt(max(len(self.indices), 1)))


def excerpt(text: str) -> str:
    """What is looked at, in lower case and with plain apostrophes."""
    shown = text if len(text) <= BEGINNING + END else f"{text[:BEGINNING]} {text[-END:]}"
    return shown.lower().replace("\u2019", "'")


def tokens(text: str) -> list[str]:
    """Words, marks and numbers."""
    return _TOKEN.findall(text)


def features(text: str) -> Features:
    shown = excerpt(text)
    found = tokens(shown)
    parts = ["0" * min(len(t), 4) if t[0].isdigit() else t for t in found]  # of a number only its length
    hashes = np.array([zlib.crc32(p.encode()) for p in parts], np.uint64)
    indices = np.unique(
        np.concatenate([_bucket(hashes), _pairs(hashes), _bucket(hashes[:1] + _FIRST), _letters(parts)])
    )
    words = {p: int(b) for p, b in zip(parts, _bucket(hashes), strict=True) if p[0].isalpha()}
    is_word = np.array([p[0].isalpha() for p in parts], bool)
    return Features(
        indices, np.array(count(shown, found), np.float32), words, _bucket(hashes[is_word] + _KNOWN, SEEN_BITS)
    )


def _pairs(hashes: npt.NDArray[np.uint64]) -> Indices:
    return _bucket(hashes[:-1] * np.uint64(31) + hashes[1:] + _PAIR)


def _letters(parts: list[str]) -> Indices:
    """Runs of four bytes, word ends included."""
    text = np.frombuffer(f" {' '.join(parts)} ".encode(), np.uint8).astype(np.uint64)
    if len(text) < 4:
        return np.zeros(0, np.int64)
    run = text[:-3] | text[1:-2] << np.uint64(8) | text[2:-1] << np.uint64(16) | text[3:] << np.uint64(24)
    return _bucket(run + _LETTERS)


def _bucket(values: npt.NDArray[np.uint64], buckets: int = BUCKETS) -> Indices:
    """By the highest bits of a product (Knuth's multiplicative hashing)."""
    return ((values * _MIX) >> np.uint64(65 - buckets.bit_length())).astype(np.int64)
