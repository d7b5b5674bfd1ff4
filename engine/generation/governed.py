"""One answer's share of the banks while memory gets short and free again. Engine thread only.

The governor decides (budget/governor.py); this moves slots. Knows neither clock nor sensors: readings come from the
host, with nothing in flight.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.budget.footprint import give_back_freed
from engine.budget.governor import Hold, beside, held, hold, resized, sharing, why
from engine.budget.plan import Plan
from engine.budget.pressure import Reading
from engine.errors import KnownError
from engine.generation.opened import Opened

_LISTENING = "Speech needs memory, too."


@dataclass(frozen=True)
class Change:
    """before, after: residents per layer."""

    before: int
    after: int
    why: str


class Governed:
    """`plan` is what was granted, with as many residents as there may be now."""

    def __init__(self, opened: Opened, granted: Plan) -> None:
        self.plan = granted
        self.fewest = granted.resident
        self._opened = opened
        self._granted = granted
        self._hold: Hold = hold(opened.shape, granted.resident)

    def heed(self, reading: Reading, *, may_grow: bool) -> Change | None:
        """Changes the plan only; None when it stays."""
        before = self._hold
        self._hold = held(before, reading, self._opened.shape.slot_bytes, may_grow=may_grow)
        if self._hold.count == before.count:
            return None
        self.plan = resized(self._granted, self._opened.shape, self._hold.count)
        self.fewest = min(self.fewest, self._hold.count)
        return Change(before.count, self._hold.count, why(before, self._hold))

    def share(self, speech: int) -> Change | None:
        """speech: bytes that recognisers and a voice take from now on. Changes the plan only; None: banks may stay.

        Raises:
            KnownError: they do not fit beside the fewest experts.
        """
        shape, before = self._opened.shape, self._hold
        granted = sharing(self._granted, speech)
        after = beside(before, granted, shape)
        if after is None:
            raise KnownError(
                "There is not enough memory to listen or speak while this answer is written.",
                "Wait for it or stop it, allow more memory, or choose a smaller recogniser or voice.",
            )
        self._granted, self._hold = granted, after
        self.plan = resized(granted, shape, after.count)
        self.fewest = min(self.fewest, after.count)
        return Change(before.count, after.count, _LISTENING) if after.count != before.count else None

    def shrink(self) -> None:
        """Banks for the plan: of each layer the warmest stay. Nothing may be in flight."""
        residency, count = self._opened.residency, self.plan.resident
        for layer, here in enumerate(residency.resident()):
            residency.keep_only(layer, residency.warmest(layer, here, count))
        self._opened.resize(count)
        give_back_freed()

    def note(self) -> str:
        """For the record; empty when nothing happened."""
        granted, fewest = self._granted.resident, self.fewest
        if fewest == granted:
            return ""
        end = "" if self.plan.resident == fewest else f", and {self.plan.resident} at the end"
        return f"Memory was short: of {granted} experts per layer at times only {fewest} were kept{end}."
