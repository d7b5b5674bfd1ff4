"""Token by token, each way of being served. Engine thread only.

A decoder's `step` takes one token and tells what it wanted and got. The resident decoder works one token
ahead like mlx-lm's `generate_step`; the host reads once per token.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import mlx.core as mx
import numpy as np

from engine.experts.loader import Await, wait_all
from engine.generation.opened import Opened
from engine.generation.sampling import Sampler
from engine.generation.undo import Undo, mark
from engine.messages import Ids, Shares
from engine.routing.exact import Exact
from engine.routing.resident import Resident, Served, Tables

RETAKE_BELOW = 0.8
"""balanced: a token whose mean coverage is lower is taken again."""
RETAKE_WINDOW = 16
"""Tokens over which the cost of retaking is weighed against exact."""
NONE = -1


@dataclass(frozen=True)
class Taken:
    """One token and how it was served. coverage: [L]; used, absent: [L, k], -1 for none.

    missed: the mean coverage at first, when the token was taken again; coverage is then 1.
    """

    token: int
    coverage: Shares
    used: Ids
    absent: Ids
    missed: float | None = None


@dataclass
class Cursor:
    """Where decoding stands: `last` [1] is the token that has not gone through the model yet, at `position`."""

    caches: list[Any]
    last: mx.array
    position: int
    sampler: Sampler


class Decoder(Protocol):
    def step(self, last: bool = False) -> Taken:
        """The next token; last: none will be asked for after it."""

    def settle(self) -> None:
        """Nothing in flight afterwards; the caches end with the last token that went through the model."""

    def resized(self, count: int) -> None:
        """From now on so many residents stay per layer. Nothing may be in flight."""


class ExactDecoder:
    """Every token gets the experts it wants."""

    def __init__(self, opened: Opened, cursor: Cursor, exact: Exact) -> None:
        self._opened = opened
        self._at = cursor
        self._exact = exact

    def step(self, last: bool = False) -> Taken:
        at = self._at
        undo = mark(at.caches, 1)
        try:
            with self._opened.through(self._exact):
                logits = self._opened.model(at.last[None], cache=at.caches)[:, -1, :]
                token = at.sampler(logits, at.position)
                mx.eval(token)
        except BaseException:
            undo()
            raise
        self._exact.finish()
        at.last = token
        at.position += 1
        seen = self._exact.seen
        used = _rows([seen.wanted[b.index] for b in self._opened.blocks])
        absent = _rows([seen.absent[b.index] for b in self._opened.blocks], used.shape[1])
        return Taken(int(np.array(token)[0]), np.ones(len(used), np.float32), used, absent)

    def settle(self) -> None:
        """Every step ends evaluated."""

    def resized(self, count: int) -> None:
        self._exact.keep = count


@dataclass
class _Flight:
    """A forward on its way: its input, its token to come, and how to take it back."""

    given: mx.array
    position: int
    token: mx.array
    served: Served
    tables: Tables
    undo: Undo


class ResidentDecoder:
    """fast, or with `exact` given balanced: a token that missed too much is taken again the exact way.

    before_retake: called with nothing in flight, to end what is being read in the background.
    """

    def __init__(
        self,
        opened: Opened,
        cursor: Cursor,
        wait: Await,
        exact: Exact | None,
        count: int,
        before_retake: Callable[[], None] = lambda: None,
    ) -> None:
        assert opened.resident is not None
        self._opened = opened
        self._resident: Resident = opened.resident
        self._at = cursor
        self._wait = wait
        self._exact = exact
        self._count = count
        self._before_retake = before_retake
        self.retake_below = RETAKE_BELOW
        self._flight: _Flight | None = None
        self._retakes: deque[bool] = deque(maxlen=RETAKE_WINDOW)
        self._seconds = {"served": 0.0, "retaken": 0.0}
        self._steps = {"served": 0, "retaken": 0}

    def step(self, last: bool = False) -> Taken:
        begun = time.perf_counter()
        flight = self._flight or self._dispatch(self._at.last, self._at.position)
        ahead = self._dispatch(flight.token, flight.position + 1) if not last and self._looks_ahead() else None
        taken = self._read(flight)
        self._count_time("served", begun)
        if self._exact is not None and float(taken.coverage.mean()) < self.retake_below:
            if ahead is not None:
                mx.eval(ahead.token)
                ahead.undo()
            flight.undo()
            self._flight = None
            self._before_retake()
            taken = self._retake(flight, taken)
        else:
            self._opened.residency.note_token(self._wanted)
            self._retakes.append(False)
            self._at.last = flight.token
            self._flight = ahead
        self._at.position = flight.position + 1
        return taken

    def settle(self) -> None:
        if self._flight is not None:
            mx.eval(self._flight.token)
            self._flight.undo()
            self._flight = None

    def resized(self, count: int) -> None:
        self._count = count
        if self._exact is not None:
            self._exact.keep = count

    def dearer_than_exact(self) -> bool:
        """Whether serving first and retaking costs more than going the exact way at once would."""
        full = len(self._retakes) == RETAKE_WINDOW and self._steps["retaken"] > 0
        if not full:
            return False
        share = sum(self._retakes) / RETAKE_WINDOW
        served = self._seconds["served"] / self._steps["served"]
        exact = self._seconds["retaken"] / self._steps["retaken"]
        return served + share * exact > exact

    def _looks_ahead(self) -> bool:
        """Not before the first token, which is waited for; nor while tokens are retaken and it would be in vain."""
        return self._steps["served"] > 0 and not any(self._retakes)

    def handover(self) -> Cursor:
        """For another decoder to go on from."""
        self.settle()
        return self._at

    def _dispatch(self, given: mx.array, position: int) -> _Flight:
        undo = mark(self._at.caches, 1)
        self._resident.forget()
        with self._opened.through(self._resident):
            logits = self._opened.model(given[None], cache=self._at.caches)[:, -1, :]
            token = self._at.sampler(logits, position)
        served = self._resident.served()
        mx.async_eval(token, *served)
        return _Flight(given, position, token, served, self._resident.tables(), undo)

    def _read(self, flight: _Flight) -> Taken:
        """The one place where the host waits for the device."""
        mx.eval(flight.token, *flight.served)
        coverage = np.array(flight.served.coverage)
        wanted = np.array(flight.served.wanted).astype(np.int32)
        columns = np.array(flight.served.columns)
        rows = np.arange(len(wanted))[:, None]
        used = flight.tables.ids[rows, columns]
        met = flight.tables.met[rows, wanted]
        self._wanted = wanted
        return Taken(
            int(np.array(flight.token)[0]),
            coverage,
            used.astype(np.int16),
            np.where(met, NONE, wanted).astype(np.int16),
        )

    def _retake(self, flight: _Flight, missed: Taken) -> Taken:
        """Read what the token missed, all layers at once, and take it the exact way."""
        assert self._exact is not None
        begun = time.perf_counter()
        residency, blocks = self._opened.residency, self._opened.blocks
        self._resident.leave()
        wait_all((residency.fetch(b.index, self._wanted[b.index].tolist()) for b in blocks), self._wait)
        cursor = Cursor(self._at.caches, flight.given, flight.position, self._at.sampler)
        taken = ExactDecoder(self._opened, cursor, self._exact).step()
        self._at.last = cursor.last
        wait_all((residency.settle(b.index, self._count) for b in blocks), self._wait)
        self._resident.refresh_all()
        self._retakes.append(True)
        self._count_time("retaken", begun)
        return replace(taken, absent=missed.absent, missed=float(missed.coverage.mean()))

    def _count_time(self, what: str, begun: float) -> None:
        self._seconds[what] += time.perf_counter() - begun
        self._steps[what] += 1


def _rows(ids: Sequence[np.ndarray], width: int | None = None) -> Ids:
    """[L, k], short rows filled with -1."""
    width = width if width is not None else max((len(row) for row in ids), default=0)
    table = np.full((len(ids), width), NONE, np.int16)
    for row, values in zip(table, ids, strict=True):
        row[: len(values)] = values
    return table
