"""Where logs are and what goes into them: rotating files in Cadre's folder, never the terminal, never a prompt.

Each process has a file of its own, since two must not rotate one.
"""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine.models import places

_BYTES = 1_000_000
_KEPT = 3


APP = "cadre.log"
ENGINE = "engine.log"


def path(name: str = APP) -> Path:
    return places.home() / "logs" / name


def start(name: str = APP) -> None:
    """Send every logger of this process to its file; without a place to write, to nowhere."""
    root = logging.getLogger()
    root.handlers[:] = [_handler(path(name))]
    root.setLevel(os.environ.get("CADRE_LOG", "INFO").upper() if _is_level() else logging.INFO)
    logging.captureWarnings(capture=True)


def _is_level() -> bool:
    return os.environ.get("CADRE_LOG", "INFO").upper() in logging.getLevelNamesMapping()


def _handler(file: Path) -> logging.Handler:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=_BYTES, backupCount=_KEPT, delay=True, encoding="utf-8")
        with file.open("a", encoding="utf-8"):
            pass  # a folder that cannot be written is found now, not at the first record
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
