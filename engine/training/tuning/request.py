"""What a tuning was asked for, checked. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.lab.evaluation.documents import LONGEST
from engine.models import places

SHARE = 0.25


@dataclass(frozen=True)
class Request:
    """experts: residents per layer to tune for, a count or a share. out: where the tuned model is to lie.

    longest: tokens of a sequence at most. sequences: of one step. every: steps between checkpoints. rank: of the
    adapters.
    """

    model: str
    text: Path
    experts: int | float = SHARE
    steps: int = 400
    memory: int | None = None
    out: Path | None = None
    seed: int = 0
    longest: int = LONGEST
    sequences: int = 4
    every: int = 20
    rank: int = 32

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Request:
        """Raises KnownError: there is no text."""
        given = {name: value for name, value in options.items() if value is not None}
        if "text" not in given:
            raise KnownError("There is no text to tune with.", "Give one with --text.")
        for name in ("text", "out"):
            if name in given:
                given[name] = Path(given[name])
        return cls(**given)

    def folder(self, model: Path) -> Path:
        """Where the result goes."""
        name = places.model_name(model).rpartition("/")[2]
        return self.out if self.out is not None else places.models() / f"{name}-tuned"

    def settings(self) -> str:
        """What decides of the result, beside the files: a run of other settings is another run."""
        deciding = asdict(self) | {"model": "", "text": "", "out": "", "memory": 0, "every": 0}
        return json.dumps(deciding, sort_keys=True)
