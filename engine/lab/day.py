"""Replay of a day: `python -m engine.lab.day --prompts DIR --model M`. Mixed requests, one after the other, as JSON.

The requests are drawn from public prompts by a seed, as many of every use case as there are, and answered twice: as
`auto` decides, and with a fixed tier of 4b. Says what was promised, held, read, multiplied and covered.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from engine import messages as m
from engine.budget.request import UseCase
from engine.errors import KnownError
from engine.link import Engine, ProcessEngine
from engine.models.catalogue import resolve
from engine.models.places import resources
from engine.training.difficulty.prompts import Example, read

FIXED = "4b"
_PRIORITY = {UseCase.DICTATION: m.Priority.DICTATION, UseCase.QUICK_PROMPT: m.Priority.QUICK_PROMPT}


@dataclass(frozen=True)
class Day:
    """slot_bytes: one expert in every layer. failures: sentences of the requests that did not end."""

    records: tuple[m.Record, ...]
    slot_bytes: int
    failures: tuple[str, ...]


def drawn(examples: Sequence[Example], count: int, seed: int) -> list[Example]:
    """In turn one of each use case, in an order that the seed decides, until there are `count`."""
    chance = random.Random(seed)
    heaps: dict[str, list[Example]] = {}
    for example in examples:
        heaps.setdefault(str(example.use_case), []).append(example)
    for _, heap in sorted(heaps.items()):
        chance.shuffle(heap)
    found: list[Example] = []
    while len(found) < count and any(heaps.values()):
        names = sorted(name for name, heap in heaps.items() if heap)
        chance.shuffle(names)
        found += [heaps[name].pop() for name in names]
    return found[:count]


def lived(engine: Engine, model: str, requests: Sequence[Example], **options: Any) -> Day:
    """Every request to its end, each a conversation of its own."""
    records: list[m.Record] = []
    failures: list[str] = []
    slot_bytes = 0
    for number, example in enumerate(requests):
        priority = _PRIORITY.get(example.use_case, m.Priority.CHAT)
        turns = (m.Turn("user", example.text),)
        engine.send(m.Ask(f"day-{number}", model, turns, priority=priority, **options))
        while True:
            event = engine.get(None)
            if isinstance(event, m.ModelLoaded):
                slot_bytes = event.slot_bytes
            elif isinstance(event, m.Finished):
                records.append(event.record)
                break
            elif isinstance(event, m.Failed):
                failures.append(event.sentence)
                break
            elif isinstance(event, m.EngineStopped):
                raise KnownError(event.sentence or "The engine stopped.", "Try again.")
    return Day(tuple(records), slot_bytes, tuple(failures))


def told(day: Day) -> dict[str, Any]:
    """Figures of a day. afresh: bytes of the resident set of every request, were each loaded from nothing."""
    records = day.records
    afresh = sum(r.experts["resident_per_layer"] * day.slot_bytes for r in records)
    read_bytes = sum(r.experts["bytes_read"] for r in records)
    return {
        "requests": len(records),
        "failed": list(day.failures),
        "tokens": sum(r.tokens["generated"] for r in records),
        "over_the_limit": sum(r.memory.peak > r.memory.limit for r in records),
        "peak": max((r.memory.peak for r in records), default=0),
        "promised": max((r.memory.promised for r in records), default=0),
        "limit": min((r.memory.limit for r in records), default=0),
        "bytes_read": read_bytes,
        "bytes_afresh": afresh,
        "read_of_afresh": read_bytes / afresh if afresh else None,
        "active_parameters": fmean(r.budget["active_parameters"] for r in records) if records else None,
        "held_parameters": fmean(r.budget["held_parameters"] for r in records) if records else None,
        "coverage": fmean(r.experts["coverage"] for r in records) if records else None,
        "modes": {mode: sum(r.mode == mode for r in records) for mode in sorted({str(r.mode) for r in records})},
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prompts", type=Path, required=True, help="the public prompt sets (docs/budgets.md)")
    parser.add_argument("--model", required=True)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--max-tokens", type=int, default=48)
    parser.add_argument("--memory", type=int, help="bytes")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    examples = read(given.prompts, resources() / "difficulty")
    requests = drawn(examples, given.requests, given.seed)
    options: dict[str, Any] = {"memory": given.memory, "max_tokens": given.max_tokens}
    report: dict[str, Any] = {}
    for name, budget in (("auto", "auto"), ("fixed", FIXED)):
        engine = ProcessEngine()
        try:
            report[name] = told(lived(engine, str(resolve(given.model)), requests, budget=budget, **options))
        finally:
            engine.close()
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
