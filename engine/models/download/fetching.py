"""One file from the Hub to the disk: goes on where it was broken off, and is right when it is done.

A part is named by the hash of the whole. So it does not matter when and by which address its beginning came: the
hash decides at the end, and a CDN's changing ETags cannot throw away gigabytes. Knows no queue and no other files.
"""

from __future__ import annotations

from io import FileIO
from pathlib import Path
from typing import Protocol

from engine.models.download.disk import Disk, failure
from engine.models.download.hashing import Hash, add_file, hash_for
from engine.models.download.hub import Answer, Changed, Hub
from engine.models.download.listing import Listing, RemoteFile
from engine.models.download.retrying import Interrupted
from engine.models.download.stopping import Stop


class Tell(Protocol):
    """Bytes that are there since the last call, negative when some turned out useless. loaded: by the network."""

    def __call__(self, count: int, *, loaded: bool = False) -> None: ...


class Damaged(Exception):
    """All bytes came, but not the right ones; they are gone."""


def fetch(
    hub: Hub, listed: Listing, file: RemoteFile, part: Path, target: Path, *, disk: Disk, stop: Stop, tell: Tell
) -> None:
    """Makes `target` the whole file; `part`, in the same folder, holds what has arrived so far.

    Raises:
        Damaged, Changed: the file must be begun anew, or be listed anew.
        Interrupted: the network failed, the part is kept.
        KnownError: the disk or the Hub refused. Cancelled.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab", buffering=0) as out:
            hashed = _begin(part, out, file, stop, tell)
            if out.tell() < file.bytes:
                hashed = _load(hub, listed, file, out, hashed, disk, stop, tell)
            if hashed.hexdigest() != file.hash:
                tell(-out.tell())
                part.unlink()
                raise Damaged
            disk.settle(out)
        disk.replace(part, target)
    except OSError as error:
        raise failure(error, part.parent) from error


def _begin(part: Path, out: FileIO, file: RemoteFile, stop: Stop, tell: Tell) -> Hash:
    """The hash of what is there; more than the whole cannot be its beginning."""
    if out.tell() > file.bytes:
        out.truncate(0)
    hashed = hash_for(file.hash, file.bytes)

    def count(size: int) -> None:
        stop.check()
        tell(size)

    add_file(hashed, part, count)
    return hashed


def _load(
    hub: Hub, listed: Listing, file: RemoteFile, out: FileIO, hashed: Hash, disk: Disk, stop: Stop, tell: Tell
) -> Hash:
    """Goes on behind what is there; from the beginning where the server cannot, or sends something else."""
    for start in (out.tell(), 0):
        with hub.open(listed, file, start, stop) as answer:
            if answer.start < 0:
                continue
            if answer.total not in (None, file.bytes):
                raise Changed
            if answer.start < out.tell():
                tell(-out.tell())
                out.truncate(0)
                hashed = hash_for(file.hash, file.bytes)
            _write(answer, file, out, hashed, disk, tell)
            return hashed
    raise Interrupted("The Hub sent another part of the file than the one asked for.")


def _write(answer: Answer, file: RemoteFile, out: FileIO, hashed: Hash, disk: Disk, tell: Tell) -> None:
    have = answer.start
    for piece in answer.pieces:
        if have + len(piece) > file.bytes:
            raise Changed
        disk.write(out, piece)
        hashed.update(piece)
        have += len(piece)
        tell(len(piece), loaded=True)
    if have < file.bytes:
        raise Interrupted("The connection to the Hub broke off.")
