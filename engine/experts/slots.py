"""Which expert lies in which slot of one layer's bank. Pure bookkeeping: no MLX, no disk; engine thread only.

A slot is empty, filling or holds an expert. Only `publish` makes an expert visible to routing, and it is called
after the last byte of all its rows has arrived, so a half-filled slot can never be used.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

NONE = -1


class SlotTable:
    """slot_of: int32 [experts], -1 when not resident. expert_of: int32 [slots], -1 when empty or filling."""

    def __init__(self, experts: int, slots: int) -> None:
        self.slot_of: npt.NDArray[np.int32] = np.full(experts, NONE, np.int32)
        self.expert_of: npt.NDArray[np.int32] = np.full(slots, NONE, np.int32)
        self._free = list(range(slots - 1, -1, -1))

    @property
    def slots(self) -> int:
        return len(self.expert_of)

    @property
    def free(self) -> int:
        return len(self._free)

    def full(self) -> bool:
        """Every expert of the layer is resident."""
        return bool((self.slot_of != NONE).all())

    def resident(self) -> npt.NDArray[np.int32]:
        """Resident expert ids, ascending."""
        return np.flatnonzero(self.slot_of != NONE).astype(np.int32)

    def holds(self, expert: int) -> bool:
        return bool(self.slot_of[expert] != NONE)

    def missing(self, experts: Iterable[int]) -> list[int]:
        return [e for e in experts if self.slot_of[e] == NONE]

    def take(self) -> int:
        """A free slot to be filled; give it back with `publish` or `give_back`."""
        return self._free.pop()

    def give_back(self, slot: int) -> None:
        """A slot whose filling failed or was not needed is free again."""
        assert self.expert_of[slot] == NONE
        assert slot not in self._free
        self._free.append(slot)

    def publish(self, expert: int, slot: int) -> None:
        """All of the expert's rows are in the slot: from now on it may be used."""
        assert self.slot_of[expert] == NONE
        assert self.expert_of[slot] == NONE
        self.slot_of[expert] = slot
        self.expert_of[slot] = expert

    def drop(self, expert: int) -> int:
        """The expert is no longer resident; its slot is not free until `give_back`, since work may still read it."""
        slot = int(self.slot_of[expert])
        assert slot != NONE
        self.slot_of[expert] = NONE
        self.expert_of[slot] = NONE
        return slot
