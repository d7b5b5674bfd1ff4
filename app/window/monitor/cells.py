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

    glow: 1 just used, fading to 0. fading: something was dropped just now. places: as `_places` gives them.
    """

    experts: Experts
    places: npt.NDArray[np.intp]
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


def cells(experts: Experts, now: float, each: int, *, still: bool = False, before: Cells | None = None) -> Cells:
    """still: nothing fades; what was dropped is gone at once. before: the last ones; what stays is taken from them."""
    if before is not None and before.experts.order is experts.order and before.per_cell == each:
        places = before.places
    else:
        before, places = None, _places(experts, each)
    dropped = ~experts.resident & (experts.dropped_at > now - DROP_SECONDS)
    fading = not still and bool(dropped.any())
    if fading:
        here = experts.resident + np.where(dropped, 1 - (now - experts.dropped_at) / DROP_SECONDS, 0)
        resident = here.astype(np.float32).take(places).mean(axis=0)
    elif before is not None and before.experts.resident is experts.resident and not before.fading:
        resident = before.resident
    else:
        resident = experts.resident.astype(np.float32).take(places).mean(axis=0)
    glow = np.clip(1 - (now - experts.used_at.take(places).max(axis=0)) / FADE_SECONDS, 0, 1)
    return Cells(
        experts=experts,
        places=places,
        resident=resident,
        glow=(glow**2).astype(np.float32),
        reading=_any(experts.reading & ~experts.resident, places),
        absent=_any(~experts.resident & (now - experts.absent_at < ABSENT_SECONDS), places),
        per_cell=each,
        fading=fading,
    )


def _places(experts: Experts, each: int) -> npt.NDArray[np.intp]:
    """[each, rows, layers]: where in a flat [L, E] the experts of each cell stand, in drawing order.

    What fills the last row up repeats its last expert. The axis that is reduced comes first: so numpy does it fast.
    """
    layers, count = experts.order.shape
    missing = -count % each
    order = experts.order
    if missing:
        order = np.concatenate([order, np.repeat(order[:, -1:], missing, axis=1)], axis=1)
    places: npt.NDArray[np.intp] = order.reshape(layers, -1, each).transpose(2, 1, 0) + np.arange(layers) * count
    return places


def _any(flags: Flags, places: npt.NDArray[np.intp]) -> Flags:
    """Mostly there are none, which is quick to see."""
    if not flags.any():
        return np.zeros(places.shape[1:], np.bool_)
    found: Flags = np.logical_or.reduce(flags.take(places), axis=0)
    return found


def experts_at(experts: Experts, layer: int, row: int, each: int) -> list[int]:
    """The ids that a cell stands for."""
    return [int(expert) for expert in experts.order[layer, row * each : (row + 1) * each]]


def colours(shown: Cells, disk: Floats, resident: Floats, used: Floats) -> npt.NDArray[np.uint32]:
    """0xffRRGGBB of each cell. The colours are [3], 0 to 255; `resident` is that of a whole cell in memory."""
    packed = np.full(shown.resident.shape, 0xFF000000, np.uint32)
    for channel, shift in enumerate((16, 8, 0)):
        ground = disk[channel] + (resident[channel] - disk[channel]) * shown.resident
        lit = ground + (used[channel] - ground) * shown.glow
        packed |= lit.astype(np.uint32) << np.uint32(shift)
    return packed
