"""The bench job: every measure in turn, into one report with the keys of `cadre bench --json`. Engine thread.

A measure that cannot be done here (no peer, no memory for it) is null in the report, and `notes` say why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.budget.footprint import available
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout, layout
from engine.errors import KnownError
from engine.lab.bench import decoding, exactly, first_token, primitives, promises, reading, report
from engine.lab.bench.machine import machine
from engine.lab.synthetic import synthetic_checkpoint

T = TypeVar("T")
Progress = Callable[[int, int, str], None]

SIZE = 2_000_000_000
SMALL = 300_000_000
"""A checkpoint that fits wherever Cadre runs, to compare with programs that hold all of it."""
LAYERED = 1_500_000_000
LAYERS = 16
"""The first token's and exact's: deep enough that the first layer, whose reading nothing hides, is a small part, and
larger than what the page cache of a limited process holds."""
STEPS = 120
"""About as many steps as a run has; progress stops short of it."""
ROOM = 0.8
"""Share of the memory that is free which one measure may take."""


@dataclass
class _Steps:
    progress: Progress
    done: int = 0
    notes: list[str] = field(default_factory=list)

    def __call__(self, what: str) -> None:
        self.done += 1
        self.progress(min(self.done, STEPS - 1), STEPS, what)

    def attempt(self, measure: Callable[[], T]) -> T | None:
        """None, and a note, when it cannot be done here."""
        try:
            return measure()
        except KnownError as error:
            self.notes.append(str(error))
            return None


def bench(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """options: model (a folder; else synthetic ones are used), size (bytes), peer_python (a path).

    Raises:
        KnownError: there is no room for the checkpoint, or the model cannot be opened.
    """
    step = _Steps(progress)
    main = Path(options["model"]) if options.get("model") else _synthetic(options.get("size") or SIZE, step)
    given = bool(options.get("model"))
    plan = layout(Checkpoint.open(main))
    if not plan.layers:
        raise KnownError(f"{main.name} has no experts to measure.", "Choose a mixture-of-experts model.")
    room = int(ROOM * available())
    small = main if given else _synthetic(SMALL, step)
    layered = main if given else _synthetic(LAYERED, step, LAYERS)
    peer = Path(options["peer_python"]) if options.get("peer_python") else None
    fits = _fits(small, room)

    read = step.attempt(lambda: reading.measure(main, step))
    rate = read.raw.median if read else None
    measures = report.Measures(
        read=read,
        decode=step.attempt(lambda: decoding.measure(small, step)) if fits else None,
        per_layer=step.attempt(lambda: primitives.measure(small)),
        exact=step.attempt(lambda: exactly.measure(layered, peer, step)),
        promises=step.attempt(lambda: promises.measure(main, room, step)),
        first=step.attempt(lambda: _first(layered, rate, room, step)) if rate else None,
    )
    if not fits:
        step.notes.append(f"{small.name} does not fit into memory whole, so nothing is said of decoding.")
    name = {"name": main.name, "bytes": plan.dense_bytes + plan.routed_bytes, "small": small.name}
    return report.assembled(name, measures, machine(main), step.notes)


def _synthetic(size: int, step: _Steps, layers: int | None = None) -> Path:
    def progress(done: int, of: int) -> None:
        step.progress(step.done, STEPS, f"writing a synthetic checkpoint, {done / 1e9:.1f} of {of / 1e9:.1f} GB")

    return synthetic_checkpoint(size, progress, layers=layers)


def _first(folder: Path, rate: float, room: int, step: _Steps) -> first_token.FirstToken | None:
    if not _fits(folder, room):
        raise KnownError(f"{folder.name} does not fit into memory whole, as the bound needs.", "Take a smaller one.")
    plan = layout(Checkpoint.open(folder))
    return first_token.measure(folder, rate, int(first_token.SHARE * plan.routed_bytes), step)


def _fits(folder: Path, room: int) -> bool:
    """All of it, a quarter again and what a process takes."""
    plan: Layout = layout(Checkpoint.open(folder))
    return plan.dense_bytes + int(1.25 * plan.routed_bytes) + (1 << 30) < room
