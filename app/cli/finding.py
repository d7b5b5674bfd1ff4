"""What `cadre doctor` says of one thing: how it stands and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    GOOD = "good"
    WORSE = "worse"  # works, but not as well as it could
    MISSING = "missing"  # Cadre cannot answer without it


@dataclass(frozen=True)
class Finding:
    """One line. remedy: what to do about it; none when all is well."""

    what: str
    state: State
    found: str
    remedy: str | None = None
