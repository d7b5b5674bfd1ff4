"""Files of one model folder in another without their bytes twice, as far as the file system can. No MLX; any thread."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
from pathlib import Path

_AT_ONCE = 1 << 30


def link(source: Path, target: Path) -> None:
    """The same file under another name: a hard link, across file systems a symbolic one."""
    real = source.resolve()
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(real)
    except OSError:
        target.symlink_to(real)


def clone(source: Path, target: Path) -> None:
    """A file of its own whose blocks are shared until they are written (APFS, Btrfs, XFS), elsewhere a copy."""
    real = source.resolve()
    target.unlink(missing_ok=True)
    if sys.platform == "darwin" and _clonefile(real, target):
        return
    if sys.platform == "linux" and _copy_file_range(real, target):
        return
    shutil.copyfile(real, target)


def _clonefile(source: Path, target: Path) -> bool:
    """clonefile(2); unverified on a Mac."""
    done: int = ctypes.CDLL(None).clonefile(os.fsencode(source), os.fsencode(target), 0)
    return done == 0


def _copy_file_range(source: Path, target: Path) -> bool:
    """The kernel shares the blocks where it can. False where it cannot do it at all."""
    with source.open("rb") as given, target.open("wb") as made:
        left = os.fstat(given.fileno()).st_size
        try:
            while left:
                done = os.copy_file_range(given.fileno(), made.fileno(), min(left, _AT_ONCE))
                if not done:
                    return False
                left -= done
        except OSError:
            return False
    return True
