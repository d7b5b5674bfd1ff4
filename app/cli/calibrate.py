"""`cadre calibrate`: measures how few experts a model bears, for the budget. Shows a report, measures nothing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Self

from rich import box
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from app.cli import options
from app.cli.measuring import measured
from app.cli.say import say
from app.numbers import share, size
from engine import messages as m
from engine.errors import Cancelled
from engine.models.catalogue import resolve
from engine.models.folders import BUILTIN

_FIELDS = ("documents", "longest", "memory", "fresh", "beside")
_WORDS = (
    "Per cent. Loses: of nats per token, with its standard error; covers: how much of what tokens wanted was there; "
    "reads: for a token."
)
_MODES = ("fast", "balanced")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "calibrate",
        help="measure how few experts a model bears",
        description="Measures a model at each size of the resident set it can have, and keeps the result: from then on "
        "`auto` holds as many experts as an answer of the wanted quality needs, and no more. Stopped with Ctrl-C, the "
        "same command goes on from there.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model folder, an installed model's name, or builtin")
    parser.add_argument(
        "--text", metavar="F", help="a text like yours: a file (a blank line ends a document) or folder"
    )
    parser.add_argument("--documents", type=options.positive, metavar="N", help="documents drawn from the text (16)")
    parser.add_argument("--longest", type=options.positive, metavar="N", help="tokens of a document at most (512)")
    parser.add_argument("--memory", type=options.size, metavar="6GB", help="the most that may be held")
    parser.add_argument("--fresh", action="store_true", help="forget what is finished, and measure anew")
    parser.add_argument(
        "--beside", action="store_true", help="keep the result in the model's folder too, to go where the model goes"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, EngineBug, Cancelled."""
    given = {name: getattr(args, name) for name in _FIELDS} | {
        "model": args.model if args.model == BUILTIN else str(resolve(args.model)),
        "text": str(Path(args.text).expanduser().resolve()) if args.text else None,
    }
    report = _report(given)
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(page(report))
    return 0


def _report(given: dict[str, Any]) -> dict[str, Any]:
    show = _Show()
    try:
        with show:
            return measured("calibrate", given, show.tell)
    except Cancelled:
        if show.finished:
            say("Stopped. What is finished is kept: the same command goes on from there.", error=True)
        raise


class _Show:
    """On a terminal a bar and what is being measured; on stderr, so that stdout is the report. finished: parts."""

    def __init__(self) -> None:
        columns = (BarColumn(24), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("", total=1, what="starting")
        self.finished = 0

    def tell(self, event: m.Measured) -> None:
        self.finished += event.part is not None
        self._progress.update(self._task, completed=event.done, total=event.of, what=event.what)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def page(report: dict[str, Any]) -> Group:
    profile = report["profile"]
    about = (
        f"{report['model']}, measured on {profile['text']}: {profile['documents']} documents, "
        f"{profile['tokens']} tokens, {profile['exact_nll']:.3f} nats per token with every expert"
    )
    notes = [Text(note, style="dim") for note in report["notes"]]
    return Group(Text(), Text(about, style="dim"), curves(report["points"], profile), Text(_WORDS, style="dim"), *notes)


def curves(points: list[dict[str, Any]], profile: dict[str, Any]) -> Table:
    """A row per point that was measured: what each mode loses there, how much of what was wanted it serves, what it
    reads for a token.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), header_style="dim")
    table.add_column("In\nmemory", justify="right", no_wrap=True)
    for heading in ("Fast\nloses", "\ncovers", "Balanced\nloses", "\ncovers", "\nreads", "Exact\nreads"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in points:
        lines = {mode: _served(profile, mode, point["residents"]) for mode in _MODES}
        if any(lines.values()):
            cells = [cell for mode, line in lines.items() for cell in _cells(mode, line)]
            exact = _served(profile, "exact", point["residents"])
            count = f"{point['residents']} ({share(point['share'])})".replace(" %", "%")
            table.add_row(
                count,
                *cells,
                size(round(exact["bytes_per_token"])) if exact else "",
            )
    return table


def _cells(mode: str, line: dict[str, Any] | None) -> tuple[str, ...]:
    """Fast reads nothing more once its set is there."""
    if line is None:
        return ("",) * (2 if mode == "fast" else 3)
    loss = round(100 * line["loss"], 1) + 0.0  # no minus before a zero
    cells = f"{loss:.1f} ±{100 * line['error']:.1f}", f"{100 * line['coverage']:.1f}"
    return cells if mode == "fast" else (*cells, size(round(line["bytes_per_token"])))


def _served(profile: dict[str, Any], mode: str, residents: int) -> dict[str, Any] | None:
    """The line of a mode as answers are served: the predictor's, where there is one."""
    found = [line for line in profile["lines"] if (line["mode"], line["residents"]) == (mode, residents)]
    return max(found, key=lambda line: line["selector"] == "predictor", default=None)
