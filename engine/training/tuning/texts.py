"""The text as sequences: most to learn from, whole documents held out to measure on. No model; any thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import KnownError
from engine.lab.evaluation.documents import LEAST_TOKENS, PROMPT, Document, documents

HELD_OUT = 0.1
MOST_HELD_OUT = 16
_WHOLE = 1 << 40


@dataclass(frozen=True)
class Texts:
    """Sequences of at most the longest number of tokens."""

    train: tuple[tuple[int, ...], ...]
    held_out: tuple[Document, ...]

    @property
    def tokens(self) -> int:
        return sum(map(len, self.train))


def split(texts: Sequence[str], tokenizer: Any, longest: int, seed: int) -> Texts:
    """A tenth of the documents, at most 16, is held out; of a single document its last tenth.

    Raises:
        KnownError: there is too little to learn from and to measure on.
    """
    whole = documents(texts, tokenizer, len(texts), _WHOLE, seed)
    cut = [list(_cut(document.tokens, longest)) for document in whole]
    parts = cut if len(cut) > 1 else [[piece] for piece in cut[0]]
    if len(parts) < 2:
        raise KnownError(
            f"The text has one document of {len(whole[0].tokens)} tokens: too short to learn from and to measure on.",
            "Give more text: a blank line ends a document, and a folder's files are one document each.",
        )
    many = min(MOST_HELD_OUT, max(1, int(len(parts) * HELD_OUT)))
    held = set(_drawn(len(parts), many, seed) if len(cut) > 1 else range(len(parts) - many, len(parts)))
    train = [piece for number, part in enumerate(parts) if number not in held for piece in part]
    return Texts(tuple(train), tuple(_document(parts[number][0]) for number in sorted(held)))


def _drawn(count: int, many: int, seed: int) -> list[int]:
    return [int(n) for n in np.random.default_rng([seed, count]).choice(count, many, replace=False)]


def _cut(tokens: Sequence[int], longest: int) -> list[tuple[int, ...]]:
    pieces = [tuple(tokens[at : at + longest]) for at in range(0, len(tokens), longest)]
    return [piece for piece in pieces if len(piece) >= LEAST_TOKENS] or [tuple(tokens[:longest])]


def _document(tokens: tuple[int, ...]) -> Document:
    return Document(tokens, min(PROMPT, len(tokens) // 4), bytes=1)
