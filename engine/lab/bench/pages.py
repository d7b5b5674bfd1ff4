"""The system's page cache: out of the way before a cold measurement. Any thread."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def drop(files: Iterable[Path]) -> bool:
    """Forget cached pages of the files. False where the system offers no way to (macOS, without `sudo purge`)."""
    advise = getattr(os, "posix_fadvise", None)
    if advise is None:
        return False
    for file in files:
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)  # a dirty page stays
            advise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(handle)
    return True


def drop_folder(folder: Path) -> bool:
    """The same for every weights file below a folder."""
    return drop(sorted(folder.rglob("*.safetensors")))
