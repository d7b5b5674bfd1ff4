"""What is told of a download while it runs and when it is done. Values only: importing it loads no network library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Stage(StrEnum):
    LISTING = "listing"
    LOADING = "loading"
    INSTALLING = "installing"


@dataclass(frozen=True)
class Progress:
    """Bytes: done of total are here, of which loaded came by the network in this try."""

    stage: Stage
    file: str = ""
    done: int = 0
    total: int = 0
    loaded: int = 0


@dataclass(frozen=True)
class Pulled:
    """A model that is here, whole. loaded: bytes that the last try still had to bring."""

    name: str
    path: Path
    commit: str
    bytes: int
    files: int
    loaded: int
