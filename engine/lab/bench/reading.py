"""How fast experts come from disk into slots, beside plain reads of the same bytes. No model is run.

Ours is the real loader into real banks. Raw is nothing but `preadv` into a buffer per reader, the byte ranges known
and joined beforehand: direct and through the page cache, with 1 to 32 readers, and the best of those counts. The
page cache is dropped before every run, each round takes another selection, and the order changes with the round.
"""

from __future__ import annotations

import mmap
import os
import random
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import MoELayer, layout
from engine.experts import loader
from engine.experts.bank import Bank
from engine.experts.loader import Loader, coalesce, wait_all
from engine.experts.reading import ALIGNMENT, OpenFiles, Range
from engine.lab.bench import pages
from engine.lab.bench.figures import Spread, alternated, paired, spread

SHARES = (0.25, 0.375, 0.5)
"""Of a layer's experts, in turn."""
MOST_BYTES = 600_000_000
"""Of one run: as many layers as that takes."""
SCANS, ROUNDS = 3, 9
READERS = (1, 2, 4, 8, 16, 32)
FINALISTS = 3
"""Raw ways that go on to the rounds after the scans, beside the one that is read as we do; the best there is raw."""

Step = Callable[[str], None]
"""Told before each run; may raise Cancelled."""
Selection = Sequence[tuple[MoELayer, Sequence[int]]]


@dataclass(frozen=True)
class RawWay:
    direct: bool
    readers: int

    @property
    def name(self) -> str:
        return f"{'direct' if self.direct else 'buffered'}, {self.readers} readers"


@dataclass(frozen=True)
class Reading:
    """Rates in bytes per second."""

    ours: Spread
    raw: Spread
    ratio: Spread
    way: RawWay
    cold: bool


def measure(folder: Path, step: Step) -> Reading:
    checkpoint = Checkpoint.open(folder)
    files = [file.path for file in checkpoint.files]
    layers = _layers(layout(checkpoint).layers)
    chance = random.Random(0)
    ways = [RawWay(direct, n) for direct in (True, False) for n in READERS if not direct or _has_direct()]
    cold = pages.drop(files)

    scans: dict[RawWay, list[float]] = defaultdict(list)
    for number in range(SCANS):
        ranges = _ranges(_selection(layers, chance, number), files)
        for way in sorted(ways, key=lambda _: chance.random()):
            step(f"raw, {way.name}")
            scans[way].append(_raw(files, ranges, way))
    finalists = sorted(ways, key=lambda w: -median(scans[w]))[:FINALISTS]
    finalists += [way for way in _as_ours(ways) if way not in finalists]

    rates: dict[str, list[float]] = defaultdict(list)
    names = ["ours", *(way.name for way in finalists)]
    banks = _banks(layers)
    for number in range(ROUNDS):
        selection = _selection(layers, chance, number)
        ranges = _ranges(selection, files)
        for name in alternated(number, names):
            step(f"reading, {name}")
            chosen = next((w for w in finalists if w.name == name), None)
            rates[name].append(_raw(files, ranges, chosen) if chosen else _ours(checkpoint, banks, selection))
    best = max(finalists, key=lambda w: median(rates[w.name]))
    return Reading(spread(rates["ours"]), spread(rates[best.name]), paired(rates["ours"], rates[best.name]), best, cold)


def _as_ours(ways: Sequence[RawWay]) -> list[RawWay]:
    """Never left out by an unlucky scan: what we are compared with does at least what we do."""
    direct = any(way.direct for way in ways)
    return [way for way in ways if way.direct == direct and way.readers == loader.READERS]


def _layers(layers: Sequence[MoELayer]) -> list[MoELayer]:
    most = max(1, int(MOST_BYTES / (max(SHARES) * layers[0].experts * layers[0].expert_bytes)))
    return list(layers[:most])


def _selection(layers: Sequence[MoELayer], chance: random.Random, number: int) -> Selection:
    share = SHARES[number % len(SHARES)]
    return [(layer, chance.sample(range(layer.experts), int(share * layer.experts))) for layer in layers]


# --- ours -------------------------------------------------------------------------------------------------


def _banks(layers: Sequence[MoELayer]) -> dict[int, Bank]:
    return {layer.index: Bank(layer, defaultdict(dict), int(max(SHARES) * layer.experts)) for layer in layers}


def _ours(checkpoint: Checkpoint, banks: dict[int, Bank], selection: Selection) -> float:
    paths = [file.path for file in checkpoint.files]
    pages.drop(paths)
    files = OpenFiles(checkpoint.files)
    readers = Loader(files, {str(path): number for number, path in enumerate(paths)})
    try:
        begun = time.perf_counter()
        batches = [readers.start(banks[layer.index], experts) for layer, experts in selection]
        wait_all(batches, lambda batch: batch.wait())
        seconds = time.perf_counter() - begun
    finally:
        readers.close()
        files.close()
    for layer, experts in selection:
        table = banks[layer.index].table
        for expert in experts:
            table.give_back(table.drop(expert))
    return sum(batch.nbytes for batch in batches) / seconds


# --- raw --------------------------------------------------------------------------------------------------


def _ranges(selection: Selection, files: Sequence[Path]) -> list[tuple[int, int, int]]:
    """(file, offset, length), neighbours joined as for ours, in the files' order."""
    numbers = {str(path): number for number, path in enumerate(files)}
    nothing = np.zeros(0, np.uint8)
    pieces = []
    for layer, experts in selection:
        for tensor in layer.tensors:
            for expert in experts:
                path, offset, length = tensor.row(expert)
                view = np.lib.stride_tricks.as_strided(nothing, (length,), (0,), writeable=False)
                pieces.append(Range(numbers[str(path)], offset, (view,)))
    return [(r.file, r.offset, r.nbytes) for r in coalesce(pieces)]


def _raw(files: Sequence[Path], ranges: Sequence[tuple[int, int, int]], way: RawWay) -> float:
    """Bytes wanted per second."""
    pages.drop(files)
    handles = [_open(path, way.direct) for path in files]
    buffers = threading.local()
    align = ALIGNMENT if way.direct and sys.platform == "linux" else 1

    def read(wanted: tuple[int, int, int]) -> None:
        file, offset, length = wanted
        start = offset // align * align
        length = -(-(offset + length - start) // align) * align
        buffer = getattr(buffers, "buffer", None)
        if buffer is None or len(buffer) < length:
            buffer = buffers.buffer = mmap.mmap(-1, length)
        with memoryview(buffer) as view:
            have = 0
            while have < length and (got := os.preadv(handles[file], [view[have:length]], start + have)) > 0:
                have += got

    try:
        begun = time.perf_counter()
        with ThreadPoolExecutor(way.readers) as pool:
            list(pool.map(read, ranges))
        return sum(length for _, _, length in ranges) / (time.perf_counter() - begun)
    finally:
        for handle in handles:
            os.close(handle)


def _has_direct() -> bool:
    return sys.platform == "darwin" or hasattr(os, "O_DIRECT")


def _open(path: Path, direct: bool) -> int:
    if not direct:
        return os.open(path, os.O_RDONLY)
    if sys.platform == "darwin":
        import fcntl

        handle = os.open(path, os.O_RDONLY)
        fcntl.fcntl(handle, fcntl.F_NOCACHE, 1)
        return handle
    return os.open(path, os.O_RDONLY | os.O_DIRECT)
