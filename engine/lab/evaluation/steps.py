"""How far an evaluation is, told often enough that a cancel is heard. Knows nothing of what is measured."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from engine.lab.jobs import Progress

_TELL = 0.1
"""Seconds between two signs of life."""


@dataclass
class Steps:
    """Counts documents; tells often enough that a cancel is heard, and no more."""

    progress: Progress
    of: int = 1
    done: int = 0
    what: str = "opening the model"
    told: float = 0.0

    def pulse(self) -> None:
        if time.monotonic() - self.told >= _TELL:
            self.tell()

    def tell(self, what: str = "", part: dict[str, Any] | None = None) -> None:
        self.told = time.monotonic()
        self.what = what or self.what
        self.progress(min(self.done, self.of - 1), self.of, self.what, part)
