"""What a download does with the disk, so that tests can make each step of it fail."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
from io import FileIO
from pathlib import Path

from engine.errors import KnownError

RESERVE = 1_000_000_000
"""Bytes that stay free: a Mac with a full disk misbehaves long before the last byte."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Disk:
    """The real one."""

    def free(self, folder: Path) -> int:
        """Bytes that can be written in a folder, which need not exist yet."""
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return shutil.disk_usage(folder).free

    def write(self, file: FileIO, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]

    def settle(self, file: FileIO) -> None:
        """On the medium itself: macOS keeps what is merely synced in the drive's memory."""
        full = getattr(fcntl, "F_FULLFSYNC", None)
        if full is not None:
            with contextlib.suppress(OSError):  # not every file system knows it
                fcntl.fcntl(file.fileno(), full)
                return
        os.fsync(file.fileno())

    def link(self, link: Path, target: Path) -> None:
        link.symlink_to(target)

    def replace(self, source: Path, target: Path) -> None:
        source.replace(target)


def failure(error: OSError, folder: Path) -> KnownError:
    """In words. What arrived is kept."""
    if error.errno in _FULL:
        return KnownError(f"The disk of {folder} is full.", "Free some space and go on; what has arrived is kept.")
    return KnownError(
        f"{folder} cannot be written ({error.strerror or error}).",
        "Check the disk, or set HF_HUB_CACHE to another folder.",
    )


def gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 50_000_000 else f"{max(1, round(count / 1e6))} MB"
