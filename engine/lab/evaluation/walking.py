"""A document's scored tokens in their order, served as the engine serves an answer. Engine thread only.

What the engine decides token by token (to take one again, to reselect) is decided here by its own `ResidentDecoder`,
`Watch` and `Reselection`; but tokens go through the model in pieces on the guess that nothing will happen, and what
came after the place where something did is taken back. So a document costs far fewer forwards than it has tokens and
comes out the same. Other than in an answer a reselection is there at once: which token first sees it would
depend on the disk. And `balanced` never gives residents up for exact, which depends on time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

import mlx.core as mx
import numpy as np

from engine.generation.conversation import Conversation
from engine.generation.decode import Cursor, ResidentDecoder
from engine.generation.opened import arrays
from engine.generation.reselect import RESELECT_WINDOW, Reselection, Watch
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.scores import Scores
from engine.lab.evaluation.stage import Stage, score
from engine.lab.evaluation.ways import Listening

FIRST_LEAP = 8
_POLL = 0.0002


@dataclass(frozen=True)
class Serving:
    """What may happen between tokens: the set changes, a token is taken again."""

    reselects: bool = False
    retakes: bool = False


class End(Enum):
    """What ends a leap: nothing, a token that missed too much (not passed), a change of the set (passed)."""

    NOTHING = 0
    MISSED = 1
    CHANGED = 2


class Forced:
    """In the place of a sampler: the next token is the document's, and what was thought of it is kept."""

    def __init__(self, document: Document, scores: Scores) -> None:
        self._document = document
        self._scores = scores
        self._pending: dict[int, mx.array] = {}

    def __call__(self, logits: mx.array, position: int) -> mx.array:
        """position: of the token to come. What is kept of one that is taken again is what came last."""
        self._pending[position] = logits
        given = self._document.tokens[min(position, len(self._document.tokens) - 1)]
        return mx.where(mx.argmax(logits, axis=-1) >= 0, given, 0)  # waits for the logits, as a sampled one does

    def take(self, position: int) -> None:
        """Score the token at `position`; the thoughts of later ones, looked ahead, stay."""
        score(
            self._pending.pop(position),
            [self._document.tokens[position]],
            self._scores,
            position - self._document.prompt,
        )


class Walk:
    """From where the prompt was prefilled (all but its last token) to the end of the document. `run` once.

    The residents are in place, `count` of them in every layer.
    """

    def __init__(self, stage: Stage, document: Document, caches: list[Any], count: int, serving: Serving) -> None:
        opened = stage.opened
        assert opened.resident is not None
        self._stage = stage
        self._document = document
        self._serving = serving
        self._resident = opened.resident
        self._scores = Scores.empty(document.scored)
        self._forced = Forced(document, self._scores)
        at = document.prompt
        self._cursor = Cursor(caches, mx.array(document.tokens[at - 1 : at]), at, self._forced)  # type: ignore[arg-type]
        exact = stage.exact(count) if serving.retakes else None
        self._decoder = ResidentDecoder(opened, self._cursor, stage.wait, exact, count)
        self._retake_below = self._decoder.retake_below
        self._conversation = Conversation(caches)
        self._conversation.extend(document.tokens[: at - 1], 0.0)
        self._reselection = Reselection(opened.residency, opened.resident)
        self._watch = Watch()
        self._coverage: list[np.ndarray] = []
        self._count = count

    def run(self) -> Scores:
        traffic = self._stage.opened.residency.traffic
        before, leap = traffic.bytes_read, self._first_leap()
        while (left := len(self._document.tokens) - self._cursor.position) > 0:
            passed, end = self._leap(min(leap, left)) if leap > 1 else (0, End.MISSED)
            if end is End.MISSED and not self._step():
                end = End.NOTHING
            leap = self._next_leap(leap, passed, end)
            self._stage.pulse()
        self._decoder.settle()
        self._scores.bytes_read = traffic.bytes_read - before
        self._scores.coverage[:] = [float(c.mean()) for c in self._coverage]
        return self._scores

    # --- many at once -------------------------------------------------------------------------------------

    def _first_leap(self) -> int:
        if self._serving.retakes:
            return min(FIRST_LEAP, self._stage.piece)
        return min(RESELECT_WINDOW, self._stage.piece) if self._serving.reselects else self._stage.piece

    def _next_leap(self, leap: int, passed: int, end: End) -> int:
        """As far as the next thing is likely to be away."""
        if end is End.MISSED:
            return max(1, min(2 * passed, self._stage.piece))
        return min(RESELECT_WINDOW if end is End.CHANGED else 2 * leap, self._stage.piece)

    def _leap(self, most: int) -> tuple[int, End]:
        """Tokens that passed, at most `most`, and what ended it."""
        self._cursor = self._decoder.handover()
        at, tokens = self._cursor.position, self._document.tokens
        inputs = tokens[at - 1 : at - 1 + most]
        self._conversation.keep_place()
        self._resident.forget()
        listening = Listening(self._resident)
        logits = self._stage.forward(self._conversation.caches, inputs, listening)
        served = listening.served(self._resident.tables().met)
        passed, end = self._judge(served.coverage, served.wanted)
        if passed:
            score(logits[:passed], tokens[at : at + passed], self._scores, at - self._document.prompt)
        self._conversation.extend(inputs, 0.0)
        self._take_back(at - 1 + passed)
        self._resident.forget()
        self._cursor.position = at + passed
        self._cursor.last = mx.array([tokens[at + passed - 1]])
        if end is End.CHANGED:
            self._reselect()
        return passed, end

    def _judge(self, coverage: np.ndarray, wanted: np.ndarray) -> tuple[int, End]:
        """How many tokens pass before something happens: a token missed too much, or the set is to change."""
        for passed, (token, ids) in enumerate(zip(coverage, wanted, strict=True)):
            if self._serving.retakes and float(token.mean()) < self._retake_below:
                return passed, End.MISSED
            self._stage.opened.residency.note_token(ids)
            if self._told(token):
                return passed + 1, End.CHANGED
        return len(coverage), End.NOTHING

    def _take_back(self, length: int) -> None:
        """The caches end with `length` tokens; where they cannot be cut, what passed goes through once more."""
        kept = self._conversation.tokens[:length]
        left = self._conversation.rewind(length)
        if left < length:
            self._stage.forward(self._conversation.caches, kept[left:], self._resident)
            mx.eval(arrays(self._conversation.caches))  # before a slot it reads may be written
            self._conversation.extend(kept[left:], 0.0)

    # --- one ----------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """The next token by the engine's decoder; whether it was taken again."""
        position = self._cursor.position
        taken = self._decoder.step()
        self._forced.take(position)
        self._conversation.extend(self._document.tokens[position - 1 : position], 0.0)
        self._scores.retaken += taken.missed is not None
        if self._told(taken.coverage):
            self._decoder.settle()
            self._reselect()
        return taken.missed is not None

    # --- the set ------------------------------------------------------------------------------------------

    def _told(self, coverage: np.ndarray) -> bool:
        """Whether the set is to change after a token that was served so."""
        self._coverage.append(coverage)
        return self._serving.reselects and bool(self._watch.why(self._coverage))

    def _reselect(self) -> None:
        """All of it, before the next token."""
        reselection = self._reselection
        self._scores.reselections += 1
        reselection.begin(self._stage.opened.blocks, self._count)
        while reselection.busy():
            reselection.advance()
            time.sleep(_POLL)
        reselection.advance()
