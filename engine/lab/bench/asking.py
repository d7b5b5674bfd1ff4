"""Requests for measuring: one after another on an open model, without the command queue. Engine thread only.

`python -m engine.lab.bench.asking` does the same in a process of its own: a JSON list of requests on stdin, one
JSON list of what came of them on stdout. So memory, cold starts and limits of a control group are those of a
process that did nothing else. Runs on the main thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine import blas
from engine.errors import KnownError

PROMPT = "Write a short story about a lighthouse keeper who finds a letter in a bottle."
_ROOM = 1 << 40
"""Bytes: a limit that limits nothing."""


@dataclass(frozen=True)
class Asked:
    """seconds and memory as in the record; token_seconds: when each token came, from the request's begin.

    bytes_at_first: read until the first token was there. hits: of the experts wanted while decoding, the share
    that was in memory.
    """

    text: str
    prompt_tokens: int
    tokens: int
    seconds: dict[str, float]
    token_seconds: list[float]
    memory: dict[str, int]
    bytes_read: int
    bytes_at_first: int
    hits: float
    coverage: float
    reselections: int
    selection: list[list[int]]
    notes: list[str]

    @property
    def tokens_per_second(self) -> float:
        return rate(self.token_seconds)

    @property
    def bytes_per_token(self) -> float:
        return (self.bytes_read - self.bytes_at_first) / max(self.tokens - 1, 1)


def rate(token_seconds: Sequence[float]) -> float:
    """Tokens after the first, per second."""
    return (len(token_seconds) - 1) / (token_seconds[-1] - token_seconds[0])


def ask(opened: Any, base: int, request: Mapping[str, Any]) -> Asked:
    """request: `prompt`, files as `images` and `audio`, and fields of `messages.Ask`."""
    from engine import messages as m
    from engine.generation.answer import Answer

    options = dict(request)
    options["mode"] = m.Mode(options.get("mode", "fast"))
    limit = options.get("memory") or _ROOM
    images, audio = (tuple(map(Path, options.pop(kind, ()))) for kind in ("images", "audio"))
    turns = (m.Turn("user", options.pop("prompt", PROMPT), images, audio),)
    times: list[float] = []
    read_by: list[int] = []
    wanted = absent = 0

    def emit(event: m.Event) -> None:
        nonlocal wanted, absent
        if isinstance(event, m.Token) and event.used.size:
            times.append(time.perf_counter() - begun)
            read_by.append(opened.residency.traffic.bytes_read)
            if len(times) > 1:
                wanted += event.used.size
                absent += int((event.absent >= 0).sum())

    begun = time.perf_counter()
    answer = Answer(m.Ask("bench", str(opened.path), turns, **options), opened, base, limit, emit, _go_on, _go_on)
    record, _ = answer.run(None)
    return Asked(
        text=record.text,
        prompt_tokens=record.tokens["prompt"],
        tokens=record.tokens["generated"],
        seconds=record.seconds,
        token_seconds=times,
        memory=asdict(record.memory),
        bytes_read=record.experts["bytes_read"],
        bytes_at_first=read_by[0] if read_by else record.experts["bytes_read"],
        hits=1 - absent / wanted if wanted else 1.0,
        coverage=record.experts["coverage"],
        reselections=record.experts["reselections"],
        selection=[list(ids) for ids in record.selection],
        notes=list(record.notes),
    )


def _go_on() -> None:
    """Nobody cancels."""


def ask_in_child(
    folder: Path, requests: Sequence[Mapping[str, Any]], group: Path | None = None
) -> tuple[list[Asked], dict[str, Any]]:
    """The requests in a fresh process, and what it says of itself.

    group: a control group (a folder of the cgroup file system) that the process enters before it begins.

    Raises:
        KnownError: the process failed or was killed.
    """
    command = [sys.executable, "-m", "engine.lab.bench.asking"]
    said = run_child(command, json.dumps({"folder": str(folder), "requests": list(requests)}), group)
    if "failed" in said:
        raise KnownError(said["failed"], "Measure on a machine with more room.")
    return [Asked(**one) for one in said["asked"]], said


def run_child(
    command: Sequence[str], given: str, group: Path | None = None, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Run a program that takes text and answers with one JSON object on its last line."""
    if group is not None:
        command = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(group), *command]
    ended = subprocess.run(
        command,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
        cwd=Path(__file__).parents[3],
    )
    lines = ended.stdout.strip().splitlines()
    if ended.returncode != 0 or not lines:
        last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise KnownError(
            f"{Path(command[-1]).name} ended with code {ended.returncode}: {last[:200]}.", "See the log for the rest."
        )
    said: dict[str, Any] = json.loads(lines[-1])
    return said


def _main() -> None:
    blas.preload()
    import engine.generation.answer  # noqa: F401
    from engine.budget.footprint import footprint
    from engine.generation.opened import open_model

    base = footprint()
    given = json.loads(sys.stdin.read())
    begun = time.perf_counter()
    opened = open_model(Path(given["folder"]), lambda _done, _of: None)
    loaded = time.perf_counter() - begun
    try:
        asked = [asdict(ask(opened, base, request)) for request in given["requests"]]
        said = {"asked": asked, "load": loaded, "dense": opened.layout.dense_bytes}
    except KnownError as error:
        said = {"failed": str(error)}
    finally:
        opened.close()
    print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    _main()
