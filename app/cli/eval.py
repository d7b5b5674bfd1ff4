"""`cadre eval`: how good answers stay as the resident set shrinks. Shows a report, measures nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli import options, picture
from app.cli.eval_page import page, table
from app.cli.eval_plot import plot
from app.cli.measuring import measured
from app.cli.say import say
from engine import messages as m
from engine.errors import Cancelled
from engine.models.catalogue import resolve
from engine.models.folders import BUILTIN

_FIELDS = ("documents", "longest", "residency", "rows", "seed", "memory", "fresh")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "eval",
        help="how good answers stay with fewer experts in memory",
        description="Scores the same text with every way of choosing and serving experts, from all of them resident to "
        "the fewest that work, beside exact. Finished rows are kept: stopped with Ctrl-C, it goes on next time.",
    )
    parser.add_argument("--model", default=BUILTIN, metavar="M", help="a model folder or an installed model's name")
    parser.add_argument("--text", metavar="F", help="a text file (a blank line ends a document) or a folder of them")
    parser.add_argument("--documents", type=options.positive, metavar="N", help="documents drawn from the text (16)")
    parser.add_argument("--longest", type=options.positive, metavar="N", help="tokens of a document at most (512)")
    parser.add_argument(
        "--residency", type=_several(options.experts), metavar="LIST", help="shares or counts, such as 12.5%%,25%%,8"
    )
    parser.add_argument("--rows", type=_several(str.strip), metavar="LIST", help="only these, such as prefill,balanced")
    parser.add_argument("--seed", type=options.not_negative, metavar="S", help="draws documents and random sets (0)")
    parser.add_argument("--memory", type=options.size, metavar="6GB", help="the most that may be held")
    parser.add_argument("--plot", metavar="F", help="draw nll against residency and bytes per token (.svg, .png)")
    parser.add_argument("--fresh", action="store_true", help="forget what is finished, and measure anew")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, EngineBug, Cancelled."""
    place = picture.place(args.plot) if args.plot else None
    given = {name: getattr(args, name) for name in _FIELDS} | {
        "model": args.model if args.model == BUILTIN else str(resolve(args.model)),
        "text": str(Path(args.text).resolve()) if args.text else None,
    }
    report = _report(given)
    if place is not None:
        picture.save(place, plot(report))
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(page(report))
    return 0


def _report(given: dict[str, Any]) -> dict[str, Any]:
    show = _Show()
    try:
        with show:
            return measured("eval", given, show.tell)
    except Cancelled:
        if show.finished:
            say("Stopped. What is finished is kept: the same command goes on from there.", error=True)
        raise


def _several(one: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    def several(text: str) -> list[Any]:
        return [one(part) for part in text.split(",") if part.strip()]

    return several


class _Show:
    """On a terminal, what is finished so far and what is being measured; on stderr, so that stdout is the report."""

    def __init__(self) -> None:
        self._parts: dict[str, list[dict[str, Any]]] = {"row": [], "missing": [], "exact_bytes": []}
        columns = (BarColumn(24), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
        self._progress = Progress(*columns)
        self._task = self._progress.add_task("", total=1, what="starting")
        self._live = (
            Live(console=Console(stderr=True, highlight=False), transient=True) if sys.stderr.isatty() else None
        )

    @property
    def finished(self) -> int:
        return sum(len(parts) for parts in self._parts.values())

    def tell(self, event: m.Measured) -> None:
        for kind, content in (event.part or {}).items():
            self._parts[kind] += content if isinstance(content, list) else [content]
        self._progress.update(self._task, completed=event.done, total=event.of, what=event.what)
        if self._live is not None:
            self._live.update(Group(table(self._parts["row"], self._parts["exact_bytes"]), self._progress))

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
