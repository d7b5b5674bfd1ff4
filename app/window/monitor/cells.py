"""What each cell of the expert map shows, as arrays. Pure.

A cell is one layer's expert, or several of them where there are more than fit; experts stand in drawing order.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from app.experts import Experts

FADE_SECONDS = 0.4
DROP_SECONDS = 0.3
ABSENT_SECONDS = 0.4
MOST_ROWS = 96
"""Experts from which a cell stands for several."""

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Cells:
    """All [rows, layers]. resident: share of the cell in memory, less by the moment for what was dropped.

    glow: 1 just used, fading to 0. fading: something was dropped just now.
    """

    resident: Floats
    glow: Floats
    reading: Flags
    absent: Flags
    per_cell: int
    fading: bool = False

    @property
    def moving(self) -> bool:
        """Whether time alone changes it."""
        return bool(self.fading or self.glow.any() or self.absent.any())


def per_cell(count: int, most_rows: int = MOST_ROWS) -> int:
    return max(1, ceil(count / max(1, most_rows)))


def cells(experts: Experts, now: float, each: int, *, still: bool = False) -> Cells:
    """still: nothing fades; what was dropped is gone at once."""
    glow = np.clip(1 - (now - experts.used_at) / FADE_SECONDS, 0, 1).astype(np.float32)
    missed = (now - experts.absent_at < ABSENT_SECONDS) & ~experts.resident
    here = experts.resident.astype(np.float32)
    going = np.clip(1 - (now - experts.dropped_at) / DROP_SECONDS, 0, 1).astype(np.float32) * (1 - here)
    fading = not still and bool(going.any())
    return Cells(
        resident=_gathered(here + going if fading else here, experts, each).mean(axis=2).T,
        glow=_gathered(glow**2, experts, each).max(axis=2).T,
        reading=_gathered(experts.reading & ~experts.resident, experts, each).max(axis=2).T,
        absent=_gathered(missed, experts, each).max(axis=2).T,
        per_cell=each,
        fading=fading,
    )


def _gathered(values: npt.NDArray[np.generic], experts: Experts, each: int) -> npt.NDArray[np.generic]:
    """[L, E] in drawing order to [L, rows, each]; what fills the last row up repeats its last expert."""
    ordered = np.take_along_axis(values, experts.order, axis=1)
    layers, count = ordered.shape
    missing = -count % each
    if missing:
        ordered = np.concatenate([ordered, np.repeat(ordered[:, -1:], missing, axis=1)], axis=1)
    return ordered.reshape(layers, -1, each)


def experts_at(experts: Experts, layer: int, row: int, each: int) -> list[int]:
    """The ids that a cell stands for."""
    return [int(expert) for expert in experts.order[layer, row * each : (row + 1) * each]]


def colours(shown: Cells, disk: Floats, resident: Floats, used: Floats) -> npt.NDArray[np.uint32]:
    """0xffRRGGBB of each cell. The colours are [3], 0 to 255; `resident` is that of a whole cell in memory."""
    ground = disk + (resident - disk) * shown.resident[..., None]
    lit = ground + (used - ground) * shown.glow[..., None]
    red, green, blue = (lit[..., i].astype(np.uint32) for i in range(3))
    packed: npt.NDArray[np.uint32] = np.uint32(0xFF000000) | (red << 16) | (green << 8) | blue
    return packed
