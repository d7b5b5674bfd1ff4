"""Writes a small file so that a crash leaves the old one or the new one."""

from __future__ import annotations

import os
from pathlib import Path

from engine import private


def write(path: Path, content: str) -> None:
    """Private to its owner. Raises OSError."""
    private.folder(path.parent)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(unfinished, "w", encoding="utf-8", opener=private.opener) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
