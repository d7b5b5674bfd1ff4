"""How fast a folder's disk gives bytes, the way experts are read from it: past the page cache, several at a time.

Writes one temporary file and deletes it. No MLX; on any thread; under a second on a Mac's own disk.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.checkpoint.folder import ShardFile
from engine.experts.reading import OpenFiles, Range

PIECE = 8 << 20
MOST = 32
"""Pieces."""
_READERS = 4
_LONGEST = 3.0
"""Seconds for writing: a slow disk is measured with less."""


@dataclass(frozen=True)
class DiskSpeed:
    """read: bytes in `seconds`."""

    read: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.read / self.seconds


def measure(folder: Path, clock: Callable[[], float] = time.perf_counter) -> DiskSpeed:
    """Of a folder that is there. Raises OSError, KnownError: it cannot be written or read."""
    handle, name = tempfile.mkstemp(prefix=".cadre-speed-", dir=folder)
    path = Path(name)
    try:
        try:
            pieces = _write(handle, clock)
        finally:
            os.close(handle)
        return _read(path, pieces, clock)
    finally:
        path.unlink(missing_ok=True)


def _write(handle: int, clock: Callable[[], float]) -> int:
    """Random, since some disks compress. How many pieces there are on the medium."""
    piece = np.random.default_rng(0).bytes(PIECE)
    ends = clock() + _LONGEST
    for number in range(1, MOST + 1):
        left = memoryview(piece)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)  # what is not on the medium yet would be read from memory
        if clock() > ends:
            return number
    return MOST


def _read(path: Path, pieces: int, clock: Callable[[], float]) -> DiskSpeed:
    about = path.stat()
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    buffers = [np.empty(PIECE, np.uint8) for _ in range(pieces)]
    for buffer in buffers:
        buffer.fill(0)  # its pages are the process's before the clock runs
    files = OpenFiles([ShardFile(path, about.st_size, about.st_mtime_ns, about.st_ino)])
    try:
        wanted = [Range(0, number * PIECE, (buffer,)) for number, buffer in enumerate(buffers)]
        with ThreadPoolExecutor(_READERS, thread_name_prefix="cadre-speed") as readers:
            began = clock()
            for _ in readers.map(files.read, wanted):
                pass
            return DiskSpeed(pieces * PIECE, clock() - began)
    finally:
        files.close()
