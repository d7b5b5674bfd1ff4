"""The queue on disk, so that it survives the process. What cannot be read counts as empty and is kept beside."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine import atomic
from engine.errors import KnownError
from engine.models import places
from engine.models.download.names import repository
from engine.models.download.queueing import Job, Queue, State

VERSION = 1
log = logging.getLogger(__name__)


def default_path() -> Path:
    return places.home() / "downloads" / "queue.json"


def load(path: Path) -> Queue:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise ValueError("another version")
        return tuple(_job(entry) for entry in content["jobs"])
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, RecursionError, KnownError):
        log.info("the queue of downloads cannot be read; it is kept as %s.unread", path.name)
        with contextlib.suppress(OSError):
            path.replace(path.with_name(f"{path.name}.unread"))
        return ()


def save(path: Path, queue: Queue) -> None:
    """Raises OSError."""
    atomic.write(path, json.dumps({"version": VERSION, "jobs": [asdict(job) for job in queue]}, indent=1))


def _job(entry: dict[str, Any]) -> Job:
    done, total = int(entry["done"]), int(entry["total"])
    return Job(
        repository(entry["repository"]),
        State(entry["state"]),
        int(entry["failures"]),
        float(entry["not_before"]),
        done,
        total,
        str(entry["problem"]),
        str(entry["next_step"]),
    )
