"""Replay of a day: 200 mixed requests, one after the other, as `auto` decides and with a fixed tier of 4b.

    python -m engine.lab.day --model M [--prompts DIR] [--share 0.4]      answers them, with a share of the model's size
    python -m engine.lab.day --model M --record FILE                       records what its routers want over the day
    python -m engine.lab.day --model M --size 8GB --memory 3GB --traces FILE   plans and reads only, by those traces

Prints a table, and JSON with --json. Stopped, it goes on where it was when started again with the same --keep.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine import blas

blas.preload()

from engine import messages as m  # noqa: E402 -- MLX comes after the BLAS
from engine.budget.profile_store import read as stored_profile  # noqa: E402
from engine.checkpoint.folder import Checkpoint  # noqa: E402
from engine.checkpoint.layout import layout  # noqa: E402
from engine.errors import KnownError  # noqa: E402
from engine.lab.day.allowed import Allowed  # noqa: E402
from engine.lab.day.figures import table, told  # noqa: E402
from engine.lab.day.living import Day, live  # noqa: E402
from engine.lab.day.replay import Stage, replay  # noqa: E402
from engine.lab.day.requests import Request, drawn  # noqa: E402
from engine.lab.day.traces import Traces, record  # noqa: E402
from engine.lab.synthetic import synthetic_checkpoint  # noqa: E402
from engine.link import ProcessEngine  # noqa: E402
from engine.models.catalogue import resolve  # noqa: E402

FIXED = "4b"
BUDGETS = {"auto": "auto", f"fixed {FIXED}": FIXED}
_GB = 1_000_000_000


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    requests = drawn(given.prompts, given.requests, given.seed)
    model = resolve(given.model)
    given.keep.mkdir(parents=True, exist_ok=True)
    try:
        if given.record is not None:
            record(model, requests, given.max_tokens, _say("recorded", len(requests))).write(given.record)
            return 0
        report = _replayed(given, model, requests) if given.traces is not None else _lived(given, model, requests)
    except KnownError as error:
        sys.stderr.write(f"{error.sentence} {error.next_step}\n")
        return 1
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if given.json else table(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--prompts", type=Path, help="the public prompt sets; without, those in the repository")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--max-tokens", type=int, default=24)
    parser.add_argument("--share", type=float, help="of the model's size that its weights may take")
    parser.add_argument("--memory", type=float, help="GB that the process may hold")
    parser.add_argument("--record", type=Path, metavar="FILE")
    parser.add_argument("--traces", type=Path, metavar="FILE")
    parser.add_argument("--size", type=float, default=8.0, help="GB of the synthetic checkpoint")
    parser.add_argument("--keep", type=Path, default=Path("day"), help="folder for what is finished")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser


def _lived(given: argparse.Namespace, model: Path, requests: list[Request]) -> dict[str, Any]:
    """Auto first; what follows begins with what the first learnt of the experts' popularity."""
    report: dict[str, Any] = {}
    memory = None if given.memory is None else int(given.memory * _GB)
    for name, budget in BUDGETS.items():
        day = Day(given.keep / f"{name.replace(' ', '-')}.jsonl")
        engine = ProcessEngine()
        try:
            allowed = (
                None if given.share is None else Allowed(model, given.share, _base(engine, model), given.max_tokens)
            )
            try:
                limit = allowed if allowed is not None else lambda _turns: memory
                options = {"budget": budget, "max_tokens": given.max_tokens}
                live(engine, str(model), requests, day, limit, _say(name, len(requests)), **options)
            finally:
                if allowed is not None:
                    allowed.close()
        finally:
            engine.close()
        report[name] = told(day.lines)
    return report


def _base(engine: ProcessEngine, model: Path) -> int:
    """What the engine's process holds before any model: a first short answer tells."""
    engine.send(m.Ask("first", str(model), (m.Turn("user", "Hello"),), max_tokens=1))
    while True:
        event = engine.get(None)
        if isinstance(event, m.Planned):
            base = event.memory.base
        elif isinstance(event, m.Finished):
            engine.send(m.Unload())
            return base
        elif isinstance(event, m.Failed | m.EngineStopped):
            raise KnownError(event.sentence or "The engine stopped.", "Try again.")


def _replayed(given: argparse.Namespace, model: Path, requests: list[Request]) -> dict[str, Any]:
    if given.memory is None:
        raise KnownError("How much memory the process may hold is not said.", "Add --memory, in GB.")
    traces = Traces.read(given.traces)
    checkpoint = Checkpoint.open(model)
    profile = stored_profile(checkpoint, layout(checkpoint).experts).profile
    folder = synthetic_checkpoint(int(given.size * _GB))
    report: dict[str, Any] = {}
    for name, budget in BUDGETS.items():
        day = Day(given.keep / f"replay-{name.replace(' ', '-')}.jsonl")
        stage = Stage(folder, int(given.memory * _GB), profile)
        try:
            replay(stage, requests, traces, day, budget, _say(name, len(requests)))
        finally:
            stage.close()
        report[name] = told(day.lines)
    return report


def _say(what: str, of: int) -> Any:
    """A line now and then on the terminal."""

    def say(done: int) -> None:
        if done % 10 == 0:
            sys.stderr.write(f"{what}: {done} of {of}\n")
            sys.stderr.flush()

    return say


if __name__ == "__main__":
    sys.exit(main())
