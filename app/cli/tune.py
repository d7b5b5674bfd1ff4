"""`cadre tune`: fine-tunes a model for small sets of experts. Shows how it goes and a report, tunes nothing."""

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
from app.numbers import size
from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.models.catalogue import resolve
from engine.models.folders import BUILTIN

_FIELDS = ("experts", "steps", "rank", "memory", "seed")
_WAYS = {"prefill": "chosen by the prompt", "predictor": "chosen by the predictor"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "tune",
        help="fine-tune a model for small sets of experts",
        description="Tunes the routers and the dense linear layers of a mixture-of-experts model so that a small set "
        "of experts serves it well, and learns to predict the set. The experts stay as they are and are linked, not "
        "copied. Stopped with Ctrl-C or killed, the same command goes on from there.",
    )
    parser.add_argument("model", metavar="MODEL", help="a model folder or an installed model's name")
    parser.add_argument(
        "--text", required=True, metavar="F", help="a text file (a blank line ends a document) or a folder of them"
    )
    parser.add_argument(
        "--experts", type=options.experts, metavar="C", help="residents per layer to tune for, a count or share (25%%)"
    )
    parser.add_argument("--steps", type=options.positive, metavar="N", help="steps of four sequences (400)")
    parser.add_argument(
        "--rank", type=options.positive, metavar="R", help="of the adapters (32); a lower one takes less memory"
    )
    parser.add_argument("--memory", type=options.size, metavar="6GB", help="the most that may be held")
    parser.add_argument("--out", metavar="DIR", help="the tuned model's folder (NAME-tuned among Cadre's models)")
    parser.add_argument("--seed", type=options.not_negative, metavar="S", help="draws sequences and sets (0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, EngineBug, Cancelled."""
    given = {name: getattr(args, name) for name in _FIELDS} | {
        "model": args.model if args.model == BUILTIN else str(resolve(args.model)),
        "text": str(_text(args.text)),
        "out": str(Path(args.out).expanduser().resolve()) if args.out else None,
    }
    report = _report(given)
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(_page(report))
    return 0


def _text(name: str) -> Path:
    path = Path(name).expanduser().resolve()
    if not path.exists():
        raise KnownError(f"There is no {path}.", "Give a text file, or a folder of text files.")
    return path


def _report(given: dict[str, Any]) -> dict[str, Any]:
    show = _Show()
    try:
        with show:
            return measured("tune", given, show.tell)
    except Cancelled:
        if show.steps:
            say(f"Stopped after step {show.steps}. The same command goes on from there.", error=True)
        raise


class _Show:
    """On a terminal a bar and how the loss falls; on stderr, so that stdout is the report. steps: done so far."""

    def __init__(self) -> None:
        columns = (BarColumn(24), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("", total=1, what="starting")
        self.steps = 0

    def tell(self, event: m.Measured) -> None:
        self.steps = max(self.steps, int((event.part or {}).get("step", 0)))
        self._progress.update(self._task, completed=event.done, total=event.of, what=event.what)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _page(report: dict[str, Any]) -> Group:
    before, after = report["before"], report["after"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("Nats per token")
    table.add_column("Before", justify="right")
    table.add_column("After", justify="right")
    table.add_row("All experts, exact", f"{before['exact']:.3f}", f"{after['exact']:.3f}")
    for way, words in _WAYS.items():
        then, now = before.get(way), after.get(way)
        if now is not None:
            kept = f"{report['experts']} of {report['all']}, {words}"
            table.add_row(kept, f"{then['nll']:.3f}" if then else "", f"{now['nll']:.3f}")
    about = (
        f"{report['base']}, {report['steps']} steps, {report['tokens']} tokens; {report['documents']} held-out "
        f"documents; {size(report['memory']['promised'])} promised"
    )
    notes = [Text(note, style="dim") for note in report["notes"]]
    won = report["won_back"]
    said = [] if won is None else [Text(f"{won:.0%} of what freezing had lost is won back.")]
    where = Text(f"The tuned model is in {report['out']}")
    return Group(Text(), Text(about, style="dim"), table, *said, *notes, where)
