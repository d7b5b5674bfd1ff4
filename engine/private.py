"""Folders and files that only their owner can enter: 0700 and 0600, also where an older Cadre left them open.

Knows nothing of what they hold; any thread.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.models import places

FOLDER, FILE = 0o700, 0o600


def folder(path: Path) -> None:
    """Make it with all that is missing above it. What was there keeps its rights. Raises OSError."""
    missing = [place for place in (path, *path.parents) if not place.is_dir()]
    for place in reversed(missing):
        with suppress(FileExistsError):  # another process was quicker
            place.mkdir(mode=FOLDER)


def home() -> Path:
    """Cadre's own folder, there and closed to others. Raises OSError."""
    place = places.home()
    folder(place)
    if place.stat().st_mode & 0o077:
        with suppress(PermissionError):  # another's folder, lent to us by CADRE_HOME
            place.chmod(FOLDER)
    return place


def opener(path: str, flags: int) -> int:
    """For `open`: a file that is made is the owner's; one that others could read is closed to them."""
    handle = os.open(path, flags, FILE)
    if os.fstat(handle).st_mode & 0o077:
        os.fchmod(handle, FILE)
    return handle
