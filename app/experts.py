"""Every expert of a model and how it stands: in memory, being read, used, missed. Pure: no clock, no drawing.

Arrays are never changed in place, so a value may be kept and drawn later. A token touches a few hundred of some ten
thousand cells, and comes a hundred times a second on the thread that draws: what it does is done to those few.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from engine import messages as m

Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int32]
Times = npt.NDArray[np.float64]
_Cells = tuple[npt.NDArray[np.intp], npt.NDArray[np.int16]]


@dataclass(frozen=True)
class Experts:
    """One cell per (layer, expert), all arrays [L, E]. Expert ids are columns here; `order` says how to draw.

    reading: named as being read since the residents were last told.
    used_at, absent_at: when a token last used the expert, or wanted it in vain; -inf: never in this request.
    dropped_at: when it last left memory, so likewise.
    order: expert ids of each layer, the regulars first; set when the experts are picked, not while answering.
    """

    resident: Flags
    reading: Flags
    used_at: Times
    absent_at: Times
    dropped_at: Times
    uses: Counts
    order: npt.NDArray[np.int32]

    @property
    def layers(self) -> int:
        return int(self.resident.shape[0])

    @property
    def count(self) -> int:
        return int(self.resident.shape[1])

    def at_rest(self) -> Self:
        """Between two requests: what is in memory and who served stays."""
        never = np.full(self.resident.shape, -np.inf)
        return replace(self, reading=np.zeros_like(self.resident), used_at=never, absent_at=never, dropped_at=never)

    def reads(self, layer: int, expert: int) -> Self:
        reading = self.reading.copy()
        reading[layer, expert] = True
        return replace(self, reading=reading)

    def picked(self, best_first: m.Ids) -> Self:
        return replace(self, order=_order(self, best_first))

    def hold(self, ids: m.Ids, now: float) -> Self:
        """These are in memory, and no others."""
        resident = np.zeros_like(self.resident)
        resident[_cells(ids)] = True
        dropped_at = _dropped(self, resident, now)
        return replace(self, resident=resident, dropped_at=dropped_at, reading=np.zeros_like(self.reading))

    def after_token(self, used: m.Ids, absent: m.Ids, now: float) -> Self:
        """used, absent: ids [L, k], -1 for none."""
        served = _cells(used)
        used_at, uses = _marked(self.used_at, served, now), self.uses.copy()
        uses[served] += 1
        resident = _with_used(self, served, used_at)
        return replace(
            self,
            resident=resident,
            dropped_at=self.dropped_at if resident is self.resident else _dropped(self, resident, now),
            used_at=used_at,
            absent_at=_marked(self.absent_at, _cells(absent), now),
            reading=np.zeros_like(self.reading) if self.reading.any() else self.reading,
            uses=uses,
        )


def nothing_resident(layers: int, count: int) -> Experts:
    none = np.zeros((layers, count), np.bool_)
    never = np.full((layers, count), -np.inf)
    order = np.tile(np.arange(count, dtype=np.int32), (layers, 1))
    return Experts(none, none, never, never, never, np.zeros((layers, count), np.int32), order)


def _cells(ids: m.Ids) -> _Cells:
    """Layer and expert of every id that stands in its layer's row."""
    layers, slots = np.nonzero(ids >= 0)
    return layers, ids[layers, slots]


def _marked(times: Times, cells: _Cells, now: float) -> Times:
    if not cells[0].size:
        return times
    marked = times.copy()
    marked[cells] = now
    return marked


def _order(experts: Experts, best_first: m.Ids) -> npt.NDArray[np.int32]:
    """Who served most before, then who was picked first, then by id."""
    rank = np.full(experts.resident.shape, experts.count, np.int32)
    layers, slots = np.nonzero(best_first >= 0)
    rank[layers, best_first[layers, slots]] = slots
    return np.lexsort((rank, -experts.uses), axis=1).astype(np.int32)


def _dropped(experts: Experts, resident: Flags, now: float) -> Times:
    """With the moment of those that are in memory no more."""
    gone = experts.resident & ~resident
    return np.where(gone, now, experts.dropped_at) if gone.any() else experts.dropped_at


def _with_used(experts: Experts, served: _Cells, used_at: Times) -> Flags:
    """What was used is in memory, though nobody said that it was read: an expert that was not used lately made room.

    A guess at which, until the next ExpertsResident tells.
    """
    if experts.resident[served].all():
        return experts.resident
    here = experts.resident.copy()
    here[served] = True
    used = np.bincount(served[0], minlength=experts.layers)
    room = np.maximum(experts.resident.sum(axis=1), used)
    longest_unused_first = np.lexsort((experts.uses, used_at, here), axis=1)
    places = np.argsort(longest_unused_first, axis=1)
    kept: Flags = here & (places >= experts.count - room[:, None])
    return kept
