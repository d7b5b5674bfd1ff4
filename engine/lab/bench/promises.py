"""Whether memory stays what was promised: each budget in a process of its own, peak beside promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import KnownError
from engine.lab.bench.asking import ask_in_child
from engine.lab.bench.figures import kept, promise_error
from engine.lab.bench.reading import Step

BUDGETS: Sequence[Mapping[str, Any]] = (
    {"mode": "fast", "experts": 0.125},
    {"mode": "fast", "experts": 0.5},
    {"mode": "balanced", "experts": 0.25},
    {"mode": "exact", "experts": 0.125},
)
TOKENS = 4
PROMPT = "The whole model stays on disk; only the experts that this prompt needs are read."


@dataclass(frozen=True)
class Promise:
    """Bytes. within: a tenth of the promise, or 300 MB."""

    mode: str
    experts: float
    peak: int
    promised: int

    @property
    def error(self) -> float:
        return promise_error(self.peak, self.promised)

    @property
    def within(self) -> bool:
        return kept(self.peak, self.promised)


def measure(folder: Path, room: int, step: Step) -> list[Promise]:
    """The budgets that fit into `room` bytes; at least one. Raises KnownError when none does."""
    found: list[Promise] = []
    for request in BUDGETS:
        step(f"memory, {request['mode']} with {request['experts']:.1%} of the experts")
        try:
            (asked,), _ = ask_in_child(folder, [{**request, "prompt": PROMPT, "max_tokens": TOKENS, "memory": room}])
        except KnownError:
            if request is BUDGETS[-1] and not found:
                raise
            continue
        memory = asked.memory
        found.append(Promise(request["mode"], request["experts"], memory["peak"], memory["promised"]))
    return found
