"""Byte ranges of files into memory, and the page cache policy. Knows nothing of experts; any thread may read.

Policies (docs/performance.md has the figures that chose the defaults):

- direct: past the page cache (O_DIRECT on Linux, through an aligned buffer per thread; F_NOCACHE on macOS). Leaves
  the memory to the banks: what was read once is in a slot and a second copy in the cache would be waste.
- buffered: through the page cache, for file systems that refuse the other and where memory is plenty.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.checkpoint.folder import ShardFile
from engine.errors import KnownError

View = npt.NDArray[np.uint8]
Preadv = Callable[[int, Sequence[View], int], int]

ALIGNMENT = 4096
_MAX_VECTORS = 512  # well under IOV_MAX, 1024 on Linux and macOS


class Policy(StrEnum):
    DIRECT = "direct"
    BUFFERED = "buffered"


@dataclass(frozen=True)
class Range:
    """`offset` in a file; the views are filled one after the other from there."""

    file: int
    offset: int
    views: tuple[View, ...]

    @property
    def nbytes(self) -> int:
        return sum(view.nbytes for view in self.views)


class Files(Protocol):
    """Open model files, as the loader sees them."""

    def read(self, wanted: Range) -> None:
        """Fill every view. Raises KnownError when a byte is missing; the views' content is then undefined."""

    def check(self) -> None:
        """Raises KnownError when a file is not the one that was opened."""

    def close(self) -> None:
        """Give the handles back."""


class OpenFiles:
    """The shards of one checkpoint, held open: a file renamed or deleted under us stays readable."""

    def __init__(
        self, files: Sequence[ShardFile], policy: Policy = Policy.DIRECT, preadv: Preadv | None = None
    ) -> None:
        self._files = tuple(files)
        self._preadv: Preadv = preadv if preadv is not None else os.preadv  # type: ignore[assignment]
        self._scratch = threading.local()
        self._handles: list[int] = []
        self._direct: list[int | None] = []
        try:
            for file in self._files:
                self._handles.append(_open(file.path))
                self._direct.append(_open_direct(file.path) if policy is Policy.DIRECT else None)
            self.check()
        except KnownError:
            self.close()
            raise

    def close(self) -> None:
        for handle in [*self._handles, *self._direct]:
            if handle is not None:
                os.close(handle)
        self._handles, self._direct = [], []

    def check(self) -> None:
        for file, handle in zip(self._files, self._handles, strict=True):
            now = os.fstat(handle)
            if (now.st_size, now.st_mtime_ns) != (file.size, file.mtime_ns):
                raise KnownError(
                    f"{file.path.name} was changed while the model was in use.",
                    "Wait until its download or copy has ended, then ask again.",
                )

    def read(self, wanted: Range) -> None:
        file = self._files[wanted.file]
        direct = self._direct[wanted.file]
        try:
            if direct is not None and sys.platform == "linux":
                self._read_aligned(direct, file, wanted)
            else:
                self._fill(direct if direct is not None else self._handles[wanted.file], file, wanted)
        except OSError as error:
            raise KnownError(
                f"{file.path.name} could not be read ({os.strerror(error.errno or errno.EIO)}).",
                "Check the disk, then download the model again.",
            ) from error

    def _fill(self, handle: int, file: ShardFile, wanted: Range) -> None:
        """Preadv may return early; go on where it stopped."""
        offset, views = wanted.offset, list(wanted.views)
        while views:
            got = self._preadv(handle, views[:_MAX_VECTORS], offset)
            if got <= 0:
                raise _ended_early(file)
            offset += got
            while views and got >= views[0].nbytes:
                got -= views.pop(0).nbytes
            if got:
                views[0] = views[0][got:]

    def _read_aligned(self, handle: int, file: ShardFile, wanted: Range) -> None:
        """O_DIRECT wants offset, length and memory aligned: read the aligned range around it, copy what is wanted."""
        start = wanted.offset // ALIGNMENT * ALIGNMENT
        skip = wanted.offset - start
        length = -(-(skip + wanted.nbytes) // ALIGNMENT) * ALIGNMENT
        scratch = self._aligned(length)
        have = 0
        while have < skip + wanted.nbytes:
            got = self._preadv(handle, [scratch[have:]], start + have)
            if got <= 0:
                raise _ended_early(file)
            have += got
            if have < skip + wanted.nbytes and have % ALIGNMENT:  # only the end of the file is unaligned
                raise _ended_early(file)
        at = skip
        for view in wanted.views:
            np.copyto(view, scratch[at : at + view.nbytes])
            at += view.nbytes

    def _aligned(self, length: int) -> View:
        buffer: View | None = getattr(self._scratch, "buffer", None)
        if buffer is None or buffer.nbytes < length:
            buffer = np.frombuffer(mmap.mmap(-1, length), np.uint8)  # page-aligned
            self._scratch.buffer = buffer
        return buffer[:length]


def _ended_early(file: ShardFile) -> KnownError:
    return KnownError(f"{file.path.name} ends before its last tensor.", "Download the model again.")


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise KnownError(
            f"{path.name} could not be opened ({os.strerror(error.errno or errno.EIO)}).",
            "Check that the model folder is complete and readable.",
        ) from error


def _open_direct(path: Path) -> int | None:
    """A second handle past the page cache, or None where the file system has no such thing."""
    if sys.platform == "darwin":
        import fcntl

        handle = _open(path)
        fcntl.fcntl(handle, fcntl.F_NOCACHE, 1)
        return handle
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECT)
    except OSError:
        return None
