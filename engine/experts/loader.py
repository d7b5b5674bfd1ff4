"""Fills slots from the checkpoint's files with parallel reads. Knows neither MLX nor routing.

Reader threads only copy bytes into rows that nobody else touches. The engine thread plans a batch, waits for
it and publishes the slots; until then they are invisible (see slots).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Protocol

from engine.checkpoint.layout import ExpertTensor, MoELayer
from engine.errors import Cancelled
from engine.experts.reading import Files, Range, View
from engine.experts.slots import SlotTable

READERS = 8
MAX_READ = 4 << 20
"""Bytes of one read at most: bounds how long a cancel waits and how large a reader's aligned buffer is."""

Await = Callable[["Batch"], None]
"""Waits for a batch, telling of its progress; may raise Cancelled."""
Progress = Callable[[int], None]
"""Called on the waiting thread with the bytes that have arrived so far; may raise Cancelled."""


class Slots(Protocol):
    """What the loader needs of a bank."""

    layer: MoELayer
    table: SlotTable

    def row(self, tensor: ExpertTensor, slot: int) -> View: ...


@dataclass(frozen=True)
class Filling:
    """One expert on its way into one slot."""

    expert: int
    slot: int


class Batch:
    """Reads under way for some experts of one bank."""

    def __init__(self, bank: Slots, fillings: Sequence[Filling]) -> None:
        self.bank = bank
        self.fillings = tuple(fillings)
        self.nbytes = len(self.fillings) * bank.layer.expert_bytes
        self.arrived = 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._futures: list[Future[None]] = []

    @property
    def layer(self) -> int:
        return self.bank.layer.index

    @property
    def experts(self) -> list[int]:
        return [f.expert for f in self.fillings]

    def finished(self) -> bool:
        return all(f.done() for f in self._futures)

    def wait(self, progress: Progress | None = None, poll: float = 0.05) -> None:
        """Until every byte has arrived, then publish the slots.

        Whatever ends it otherwise (a KnownError of a read, what `progress` raises) leaves every slot of the
        batch free and unpublished, after the last reader has let go of it.
        """
        try:
            pending: set[Future[None]] = set(self._futures)
            while pending:
                done, pending = wait(pending, None if progress is None else poll, FIRST_EXCEPTION)
                _raise_first(done)
                if progress is not None:
                    progress(self.arrived)
        except BaseException:
            self.abandon()
            raise
        for filling in self.fillings:
            self.bank.table.publish(filling.expert, filling.slot)

    def abandon(self) -> None:
        """Stop reading and give the slots back."""
        self._stop.set()
        wait(self._futures)
        for filling in self.fillings:
            self.bank.table.give_back(filling.slot)

    def submit(self, pool: ThreadPoolExecutor, files: Files, ranges: Sequence[Range], readers: int) -> None:
        """One task per reader, not per range: a task costs as much as reading 100 KB."""
        left = iter(ranges)
        self._futures = [pool.submit(self._read, files, left) for _ in range(min(readers, len(ranges)))]

    def _read(self, files: Files, left: Iterator[Range]) -> None:
        while (wanted := self._next(left)) is not None:
            if self._stop.is_set():
                raise Cancelled
            try:
                files.read(wanted)
            except BaseException:
                self._stop.set()
                raise
            with self._lock:
                self.arrived += wanted.nbytes

    def _next(self, left: Iterator[Range]) -> Range | None:
        with self._lock:
            return next(left, None)


class Loader:
    """Readers for one checkpoint. `files` are numbered as in `file_numbers`, by path."""

    def __init__(self, files: Files, file_numbers: dict[str, int], readers: int = READERS) -> None:
        self._files = files
        self._numbers = file_numbers
        self._readers = readers
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="cadre-reader")

    def start(self, bank: Slots, experts: Iterable[int], readers: int | None = None) -> Batch:
        """Begin to read experts into free slots of the bank; the caller has made room (slots.free).

        readers: at most so many for this batch, all of them when None.
        """
        self._files.check()
        batch = Batch(bank, [Filling(expert, bank.table.take()) for expert in sorted(experts)])
        batch.submit(self._pool, self._files, self._ranges(bank, batch.fillings), readers or self._readers)
        return batch

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ranges(self, bank: Slots, fillings: Sequence[Filling]) -> list[Range]:
        pieces = []
        for tensor in bank.layer.tensors:
            number = self._numbers[str(tensor.tensor.file)]
            for filling in fillings:
                _, offset, _ = tensor.row(filling.expert)
                pieces.append(Range(number, offset, (bank.row(tensor, filling.slot),)))
        return coalesce(pieces)


def wait_all(batches: Iterable[Batch | None], wait: Await) -> None:
    """Start batches (lazily, by iterating) and wait for them; when one fails, the others are given up too."""
    left: list[Batch] = []
    try:
        for batch in batches:
            if batch is not None:
                left.append(batch)  # noqa: PERF401 -- what was started must be known when the next start fails
        while left:
            wait(left.pop(0))
    except BaseException:
        for batch in left:
            batch.abandon()
        raise


def _raise_first(done: Iterable[Future[None]]) -> None:
    """Raises what went wrong, rather than that others stopped because of it."""
    errors = [error for future in done if (error := future.exception()) is not None]
    for error in sorted(errors, key=lambda e: isinstance(e, Cancelled)):
        raise error


def coalesce(pieces: Iterable[Range], most: int = MAX_READ) -> list[Range]:
    """Neighbours in a file become one read of at most `most` bytes (a single longer piece is cut)."""
    merged: list[Range] = []
    for piece in sorted(pieces, key=lambda r: (r.file, r.offset)):
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.file == piece.file
            and last.offset + last.nbytes == piece.offset
            and last.nbytes + piece.nbytes <= most
        ):
            merged[-1] = Range(last.file, last.offset, last.views + piece.views)
        else:
            merged.extend(_cut(piece, most))
    return merged


def _cut(piece: Range, most: int) -> list[Range]:
    (view,) = piece.views
    return [Range(piece.file, piece.offset + at, (view[at : at + most],)) for at in range(0, view.nbytes, most)]
