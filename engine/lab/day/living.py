"""A day lived: every request answered by an engine, under a limit, one figure line per request. Resumable.

Knows the engine only by its commands and events; the limit's share of the model is worked out by `Allowed`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import messages as m
from engine.errors import KnownError
from engine.lab.day.requests import Request
from engine.link import Engine

Limit = Callable[[tuple[m.Turn, ...]], int | None]
"""Bytes that a request of these turns may hold; None: what the machine can give."""


@dataclass(frozen=True)
class Line:
    """Of one request. read, afresh: bytes read, and those of its whole resident set. failed: why it did not end."""

    number: int
    kind: str
    failed: str = ""
    mode: str = ""
    tokens: int = 0
    residents: int = 0
    read: int = 0
    afresh: int = 0
    active: int = 0
    held: int = 0
    coverage: float = 1.0
    peak: int = 0
    promised: int = 0
    limit: int = 0


class Day:
    """lines: what was lived so far; each is written to `file` at once, so that a day that was stopped goes on."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self.lines = list(_stored(file)) if file is not None else []

    def add(self, line: Line) -> None:
        self.lines.append(line)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(line)) + "\n")


def _stored(file: Path) -> Iterator[Line]:
    if not file.exists():
        return
    for number, row in enumerate(file.read_text(encoding="utf-8").splitlines()):
        try:
            line = Line(**json.loads(row))
        except (ValueError, TypeError):
            return  # cut off in the middle
        if line.number != number:
            raise KnownError(f"{file} holds another day.", "Name another folder, or delete it.")
        yield line


def live(
    engine: Engine,
    model: str,
    requests: Sequence[Request],
    day: Day,
    limit: Limit = lambda _turns: None,
    pulse: Callable[[int], None] = lambda _done: None,
    **options: Any,
) -> None:
    """The requests that the day has not seen yet, in turn. options: of every Ask. A chat that was begun before a stop
    goes on without what was said.

    Raises:
        KnownError: the engine stopped.
    """
    said: dict[str, tuple[m.Turn, ...]] = {}
    for number, request in enumerate(requests):
        if number < len(day.lines):
            continue
        pulse(number)
        turns = (*said.get(request.chat, ()), m.Turn("user", request.text))
        ask = m.Ask(
            f"day-{number}",
            model,
            turns,
            memory=limit(turns),
            priority=request.priority,
            conversation=request.chat,
            attachments=request.attachments,
            **options,
        )
        line, text = _answered(engine, ask, number, request.kind)
        day.add(line)
        if request.chat:
            said = {request.chat: (*turns, m.Turn("assistant", text))}


def _answered(engine: Engine, ask: m.Ask, number: int, kind: str) -> tuple[Line, str]:
    engine.send(ask)
    while True:
        event = engine.get(None)
        if isinstance(event, m.Finished):
            return _line(number, kind, event.record), event.record.text
        if isinstance(event, m.Failed):
            return Line(number, kind, failed=event.sentence), ""
        if isinstance(event, m.EngineStopped):
            raise KnownError(event.sentence or "The engine stopped.", "Try again.")


def _line(number: int, kind: str, record: m.Record) -> Line:
    residents = record.experts["resident_per_layer"]
    return Line(
        number=number,
        kind=kind,
        mode=str(record.mode),
        tokens=record.tokens["generated"],
        residents=residents,
        read=record.experts["bytes_read"],
        afresh=residents * record.experts["slot_bytes"],
        active=record.budget["active_parameters"],
        held=record.budget["held_parameters"],
        coverage=record.experts["coverage"],
        peak=record.memory.peak,
        promised=record.memory.promised,
        limit=record.memory.limit,
    )
