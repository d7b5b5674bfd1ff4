"""Reads the header of a safetensors file. Trusts nothing in it; reads no tensor data; any thread.

Format (huggingface/safetensors README): 8 bytes little-endian header length N, N bytes of JSON mapping a name to
{"dtype", "shape", "data_offsets": [begin, end]} relative to the end of the header, then the data. MLX pads
neither header nor tensors, so data may begin at any byte.
"""

from __future__ import annotations

import errno
import json
import math
import os
import stat
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, TypeGuard

from engine.errors import KnownError

MAX_HEADER = 100_000_000
"""The format's own limit, bytes."""
MAX_DIMENSIONS = 16

ITEMSIZE = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 8),
}


@dataclass(frozen=True)
class TensorInfo:
    """One tensor: `nbytes` bytes at absolute byte `offset` of `file`, row-major."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    file: Path
    offset: int
    nbytes: int

    @property
    def size(self) -> int:
        """Number of stored elements."""
        return math.prod(self.shape)


def read_header(path: Path) -> dict[str, TensorInfo]:
    """Every tensor of one file, in the order of their bytes.

    Memory stays within a few times the header's length, which the file's size bounds. Unused bytes between
    tensors are accepted, as MLX does: nothing reads them.

    Raises:
        KnownError: the file cannot be read or breaks the format in any way.
    """
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise _broken(path, "it is shorter than its header says")
            if not 2 <= length <= MAX_HEADER:
                raise _broken(path, f"its header claims {length} bytes")
            header = file.read(length)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(header) != length:
        raise _broken(path, "it is shorter than its header says")
    return _tensors(path, _parse(path, header), 8 + length, size)


def open_regular(path: Path) -> BinaryIO:
    """Opens a file for reading; a pipe, which might never answer, or a device is refused.

    Raises:
        KnownError: it is no regular file.
        OSError: it could not be opened.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise KnownError(f"{shown(path.name)} is not an ordinary file.", "Download the model again.")
    return path.open("rb")


def shown(text: str) -> str:
    """Someone else's text made fit for a sentence: short, and without characters a terminal would obey."""
    printable = text if text.isprintable() else ascii(text)[1:-1]
    return printable if len(printable) <= 100 else f"{printable[:97]}..."


def _parse(path: Path, header: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = dict(pairs)
        if len(names) != len(pairs):
            raise _broken(path, "its header names something twice")
        return names

    try:
        parsed = json.loads(header.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "its header is no JSON") from error
    if not isinstance(parsed, dict):
        raise _broken(path, "its header is no JSON object")
    parsed.pop("__metadata__", None)
    return parsed


def _tensors(path: Path, header: dict[str, Any], start: int, size: int) -> dict[str, TensorInfo]:
    tensors = [_tensor(path, name, entry, start, size) for name, entry in header.items()]
    tensors.sort(key=lambda t: (t.offset, t.nbytes))
    for before, after in pairwise(tensors):
        if before.offset + before.nbytes > after.offset:
            raise _broken(path, f"the tensors {shown(before.name)} and {shown(after.name)} overlap")
    return {t.name: t for t in tensors}


def _tensor(path: Path, name: str, entry: Any, start: int, size: int) -> TensorInfo:
    what = f"the tensor {shown(name)}"
    if not isinstance(entry, dict):
        raise _broken(path, f"{what} is not described")
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in ITEMSIZE:
        raise _broken(path, f"{what} has an unknown type")
    if not _naturals(shape) or len(shape) > MAX_DIMENSIONS:
        raise _broken(path, f"{what} has an impossible shape")
    if not _naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _broken(path, f"{what} has impossible offsets")
    begin, end = offsets
    if start + end > size:
        raise _broken(path, f"{what} lies beyond its end")
    if math.prod(shape) * ITEMSIZE[dtype] != end - begin:
        raise _broken(path, f"{what} has a shape that does not fit its bytes")
    return TensorInfo(name, dtype, tuple(shape), path, start + begin, end - begin)


def _naturals(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(v) is int and 0 <= v < 1 << 63 for v in value)


def _broken(path: Path, why: str) -> KnownError:
    return KnownError(f"{shown(path.name)} is not a whole safetensors file: {why}.", "Download the model again.")


def unreadable(path: Path, error: OSError) -> KnownError:
    """The sentence for a file that the system would not give us."""
    if error.errno == errno.ELOOP:
        return KnownError(f"{shown(path.name)} is a link that leads back to itself.", "Download the model again.")
    if isinstance(error, FileNotFoundError):
        return KnownError(f"{shown(path.name)} is missing from {path.parent}.", "Download the model again.")
    if isinstance(error, IsADirectoryError):
        return KnownError(f"{shown(path.name)} is a folder where a file should be.", "Download the model again.")
    reason = os.strerror(error.errno) if error.errno else str(error)
    return KnownError(f"{path} could not be read ({reason}).", "Check the permissions and the disk.")
