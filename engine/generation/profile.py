"""A stored selection: any JSON object with `selection`, such as the output of `cadre ask --json`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.checkpoint.folder import read_json
from engine.errors import KnownError
from engine.generation.opened import Opened


def read_profile(path: str, opened: Opened, count: int) -> list[list[int]]:
    """The best `count` stored expert ids per layer. Raises KnownError."""
    content = read_json(Path(path))
    rows = content.get("selection") if isinstance(content, dict) else None
    layers, experts = len(opened.blocks), opened.layout.experts
    if not isinstance(rows, list) or len(rows) != layers or not all(_ids(row, experts) for row in rows):
        raise KnownError(
            f"{path} holds no selection for {opened.name}: it needs {layers} lists of experts below {experts}.",
            "Use the output of `cadre ask --json` with the same model.",
        )
    least = opened.router_shape.least
    if any(len(row) < least for row in rows):
        raise KnownError(f"The selection in {path} has under {least} experts per layer.", "Choose a larger one.")
    best = [opened.residency.best(np.array(row), min(count, len(row))) for row in rows]
    if len({len(row) for row in best}) > 1 or min(map(len, best)) < least:
        raise KnownError(f"The selection in {path} is not equally long everywhere.", "Store it anew.")
    return best


def _ids(row: object, experts: int) -> bool:
    return (
        isinstance(row, list)
        and all(isinstance(e, int) and 0 <= e < experts for e in row)
        and len(set(row)) == len(row)
    )
