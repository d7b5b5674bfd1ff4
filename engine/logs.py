"""Where logs are and what goes into them: rotating files in Cadre's folder, never the terminal, never a prompt.

Each process has a file of its own, since two must not rotate one.
"""

from __future__ import annotations

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from engine import private
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


class _Private(RotatingFileHandler):
    """The owner's alone, each file of the rotation."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding=self.encoding, opener=private.opener)


def _handler(file: Path) -> logging.Handler:
    try:
        private.home()
        private.folder(file.parent)
        handler = _Private(file, maxBytes=_BYTES, backupCount=_KEPT, delay=True, encoding="utf-8")
        with open(file, "a", encoding="utf-8", opener=private.opener):
            pass  # a folder that cannot be written is found now, not at the first record
    except OSError:
        return logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
