"""The two hashes by which the Hub names files. Reads files, knows no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from engine.models.download import names

_PIECE = 1 << 20


class Hash(Protocol):
    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


def hash_for(name: str, size: int) -> Hash:
    """A new hash of the kind that `name` is: SHA-256, or git's SHA-1, which begins with the size of the whole."""
    if names.is_sha256(name):
        return hashlib.sha256()
    git = hashlib.sha1(usedforsecurity=False)
    git.update(b"blob %d\0" % size)
    return git


def add_file(hashed: Hash, path: Path, tell: Callable[[int], None]) -> int:
    """Hash a file; `tell` the bytes of each piece, and raise from there to stop. Returns its size."""
    total = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
            total += len(piece)
            tell(len(piece))
    return total
