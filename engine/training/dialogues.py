"""Dialogues as training documents: read from plain text, encoded once, grouped into batches of like lengths.

Text form: turns begin with `User: ` and `Assistant: `, dialogues are separated by a blank line. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.errors import KnownError

_ROLE = re.compile(r"^(User|Assistant): ?", re.MULTILINE)
_POOL = 512
_ROUND = 32


@dataclass(frozen=True)
class Turn:
    role: str
    text: str


Dialogue = tuple[Turn, ...]


class Encoder(Protocol):
    def __call__(self, dialogue: Dialogue) -> list[int]: ...


def read_dialogues(path: Path) -> list[Dialogue]:
    """All dialogues of a file.

    Raises:
        KnownError: the file cannot be read or holds none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise KnownError(f"{path} cannot be read ({reason}).", "Give a text file with dialogues.") from error
    dialogues = [d for part in re.split(r"\n\s*\n", text) if (d := _dialogue(part))]
    if not dialogues:
        raise KnownError(
            f"{path} holds no dialogues.", "Begin turns with `User: ` and `Assistant: `; a blank line ends a dialogue."
        )
    return dialogues


def _dialogue(text: str) -> Dialogue:
    pieces = _ROLE.split(text)[1:]
    turns = zip(pieces[::2], pieces[1::2], strict=True)
    return tuple(Turn(role.lower(), said.strip()) for role, said in turns if said.strip())


@dataclass(frozen=True)
class Batch:
    """tokens: int32 [B, T], padded with zeros. lengths: int32 [B]."""

    tokens: np.ndarray
    lengths: np.ndarray


def batches(
    documents: Sequence[Sequence[int]], tokens: int, longest: int, random: np.random.Generator
) -> Iterator[Batch]:
    """One pass over `documents` in random order; about `tokens` tokens a batch, rows cut at `longest`.

    Lengths are alike within a batch, yet any document can meet any other: they are sorted within pools only.
    """
    order = random.permutation(len(documents))
    groups: list[np.ndarray] = []
    for at in range(0, len(order), _POOL):
        pool = order[at : at + _POOL]
        pool = pool[np.argsort([len(documents[i]) for i in pool], kind="stable")]
        longest_here = min(longest, max(len(documents[i]) for i in pool))
        rows = max(1, tokens // max(longest_here * 3 // 4, 1))
        groups += [pool[i : i + rows] for i in range(0, len(pool), rows)]
    for number in random.permutation(len(groups)):
        yield padded([documents[i][:longest] for i in groups[number]])


def padded(rows: Sequence[Sequence[int]]) -> Batch:
    """Rows of tokens as one batch, its width rounded up so that few shapes occur."""
    lengths = np.array([len(row) for row in rows], np.int32)
    width = -(-int(lengths.max()) // _ROUND) * _ROUND
    tokens = np.zeros((len(rows), width), np.int32)
    for line, row in zip(tokens, rows, strict=True):
        line[: len(row)] = row
    return Batch(tokens, lengths)
