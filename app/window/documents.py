"""Where a dialog for files begins: what the Finder starts stands at the root of the disk, which Qt would show."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths


def documents() -> Path:
    """The person's documents, or their home where there is no such folder."""
    place = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    return place if place.is_dir() else Path.home()
