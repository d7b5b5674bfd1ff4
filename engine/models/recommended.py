"""The short list of models that Cadre offers by name (resources/models.toml), and which of them suits a machine.

Sizes are computed from published shapes, before anything was downloaded; `inspect` tells them exactly afterwards.
Says nothing of how well a model answers. Pure but for reading the list; no MLX.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from engine.budget.plan import AUTO_SHARE
from engine.budget.points import slots_for
from engine.models import places
from engine.models.download.disk import RESERVE

OVERHEAD = 1_000_000_000
"""Bytes of memory besides weights: the program, a prompt and an answer of usual length, one piece of prefill."""
_FOR_OTHERS = 4_000_000_000


@dataclass(frozen=True)
class Recommended:
    """Bits are per weight as stored, scales included."""

    repository: str
    name: str
    about: str
    layers: int
    experts: int
    per_token: int
    hidden: int
    width: int
    dense_parameters: int
    expert_bits: float
    dense_bits: float

    @property
    def slot_parameters(self) -> int:
        """One expert in every layer."""
        return self.layers * 3 * self.hidden * self.width

    @property
    def parameters(self) -> int:
        return self.dense_parameters + self.experts * self.slot_parameters

    @property
    def disk_bytes(self) -> int:
        return self._bytes(self.experts)

    def memory_bytes(self, share: float = AUTO_SHARE) -> int:
        """With that share of the experts resident, as many at least as a token uses, and their spares."""
        resident = max(self.per_token, round(share * self.experts))
        return self._bytes(slots_for(resident, self.experts)) + OVERHEAD

    def _bytes(self, slots: int) -> int:
        experts = slots * self.slot_parameters * self.expert_bits
        return round((experts + self.dense_parameters * self.dense_bits) / 8)


@cache
def recommended() -> tuple[Recommended, ...]:
    """Smallest first."""
    content = tomllib.loads((places.resources() / "models.toml").read_text(encoding="utf-8"))
    return tuple(Recommended(**entry) for entry in content["model"])


def room_in(memory: int) -> int:
    """Bytes of a machine's memory that one model may take: a quarter of it, and 4 GB at least, are for all else."""
    return memory - max(_FOR_OTHERS, memory // 4)


def fits(model: Recommended, memory: int) -> bool:
    """Whether a machine of that memory holds as many experts as Cadre likes to: half of them."""
    return model.memory_bytes() <= room_in(memory)


def suited(models: tuple[Recommended, ...], memory: int, free_disk: int) -> Recommended | None:
    """The largest that fits into memory and on the disk; where the memory holds none, the smallest; None without room.

    Larger is not always better; it is the one thing known before anybody measured.
    """
    on_disk = [model for model in models if model.disk_bytes + RESERVE <= free_disk]
    in_memory = [model for model in on_disk if fits(model, memory)]
    if in_memory:
        return max(in_memory, key=lambda model: model.parameters)
    return min(on_disk, key=lambda model: model.parameters, default=None)
