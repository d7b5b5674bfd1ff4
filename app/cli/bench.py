"""`cadre bench`: how fast it is here, each figure beside its limit or its peer. Shows a report, measures nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from rich import box
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from app.cli import options
from app.cli.measuring import measured
from app.numbers import size
from engine import messages as m
from engine.models.catalogue import resolve

_PARTS = ("engine", "app", "voice")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "bench",
        help="how fast it is on this machine",
        description="Measures reading, decoding, memory and the first token, each beside its limit or a peer. "
        "Without --model on synthetic checkpoints, which are written once into Cadre's folder. --part app measures the "
        "window instead, without a model: start, pauses while it answers, search, opening, the map, the monitor. "
        "--part voice measures dictation: release to text, waiting for a busy engine, lost frames, what is left.",
    )
    parser.add_argument("--model", metavar="M", help="a model folder or an installed model's name")
    parser.add_argument(
        "--size", type=options.size, default=None, metavar="2GB", help="size of the synthetic checkpoint (2GB)"
    )
    parser.add_argument("--part", choices=_PARTS, default="engine", help="what to measure (engine)")
    parser.add_argument(
        "--peer-python", metavar="PATH", help="a Python that has mlx-vlm, to measure its expert offload beside ours"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, EngineBug, Cancelled."""
    if args.part == "app":
        return _run_app(args)
    if args.part == "voice":
        return _run_voice(args)
    given = {
        "model": str(resolve(args.model)) if args.model else None,
        "size": args.size,
        "peer_python": args.peer_python or os.environ.get("CADRE_PEER_PYTHON"),
    }
    with _progress() as show:
        report = measured("bench", given, show.tell)
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(_page(report))
    return 0


def _run_app(args: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.cli import bench_app
    from app.lab.bench.run import bench

    return _told(args, bench, bench_app.page)


def _run_voice(args: argparse.Namespace) -> int:
    """Raises KnownError."""
    from app.cli import bench_app
    from app.lab.voice.run import bench

    return _told(args, bench, bench_app.voice_page)


def _told(args: argparse.Namespace, bench: Callable[..., dict[str, Any]], page: Callable[..., Group]) -> int:
    """A bench that runs in this process, as JSON or as a page."""
    with _progress() as show:
        report = bench(lambda done, of, what: show.tell(m.Measured(args.part, "bench", done, of, what)))
    if args.json:
        print(json.dumps(report, indent=2))
    else:
        Console(highlight=False).print(page(report))
    return 0


# --- progress -------------------------------------------------------------------------------------------


@dataclass
class _Show:
    """What is being measured, on a terminal."""

    progress: Progress | None

    def tell(self, event: m.Measured) -> None:
        if self.progress is not None:
            self.progress.update(self.progress.task_ids[0], completed=event.done, total=event.of, what=event.what)

    def __enter__(self) -> Self:
        if self.progress is not None:
            self.progress.add_task("", total=1, what="starting")
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.progress is not None:
            self.progress.stop()


def _progress() -> _Show:
    """On stderr, so that the report on stdout stays alone; nothing when nobody looks."""
    if not sys.stderr.isatty():
        return _Show(None)
    columns = (BarColumn(24), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("{task.fields[what]}"))
    return _Show(Progress(*columns, console=Console(stderr=True), transient=True))


# --- showing ----------------------------------------------------------------------------------------------


def _page(report: dict[str, Any]) -> Group:
    machine = report["machine"]
    words = (
        f"{machine['cpu']}, {machine['cores']} cores, {size(machine['memory'])} memory, disk {machine['disk']}, "
        f"{machine['os']}, mlx {machine['mlx']}{'' if machine['openblas'] else ', no OpenBLAS'}"
    )
    about = f"{report['model']['name']}, {size(report['model']['bytes'])}"
    notes = [Text(note, style="dim") for note in report["notes"]]
    return Group(Text(), Text(words), Text(about, style="dim"), _table(report), *notes)


def _table(report: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("Here", "Beside", "Ratio", "Range", "Aim"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("Beside what")
    for row in _rows(report):
        table.add_row(row.what, row.here, row.beside, row.ratio, row.range, row.aim, Text(row.than, style="dim"))
    return table


@dataclass(frozen=True)
class _Row:
    what: str
    here: str
    beside: str
    ratio: str
    range: str
    aim: str
    than: str


def _rows(report: dict[str, Any]) -> list[_Row]:
    makers = {
        "read": _read,
        "decode": _decode,
        "exact": _exact,
        "memory": _memory,
        "first_token": _first_token,
        "per_layer": _per_layer,
    }
    rows = [make(report[key]) for key, make in makers.items() if report.get(key)]
    if report.get("host_reads_per_token") is not None:
        rows.append(
            _Row("Waits for the device per token", f"{report['host_reads_per_token']:.0f}", "", "", "", "1", "")
        )
    return rows


def _read(r: dict[str, Any]) -> _Row:
    here, beside = f"{r['gb_per_s']:.2f} GB/s", f"{r['raw_gb_per_s']:.2f} GB/s"
    than = f"plain reads of the same bytes, {r['raw_way']}" + ("" if r["cold"] else " (page cache not dropped)")
    return _Row("Reading experts", here, beside, f"{r['ratio']:.2f}", _range(r), "≥ 0.9", than)


def _decode(d: dict[str, Any]) -> _Row:
    here, beside = f"{d['tokens_per_second']:.1f} tokens/s", f"{d['resident_tokens_per_second']:.1f} tokens/s"
    than = f"mlx-lm, all resident; {d['reselecting']['ratio']['median']:.2f} while reselecting"
    return _Row("Decoding, a quarter resident", here, beside, f"{d['ratio']:.2f}", _range(d), "≥ 1.0", than)


def _exact(e: dict[str, Any]) -> _Row:
    here = f"{e['tokens_per_second']:.1f} tokens/s"
    if e["peer_tokens_per_second"] is None:
        return _Row("Exact, a quarter resident", here, "", "", "", "", e["why_no_peer"] or "")
    ratio = e["warm"]["ratio"]
    than = (
        f"mlx_vlm.moe_offload; {size(int(e['bytes_per_token']))} read per token, {size(int(e['peer_bytes_per_token']))}"
    )
    return _Row(
        "Exact, a quarter resident",
        here,
        f"{e['peer_tokens_per_second']:.1f} tokens/s",
        f"{e['ratio']:.2f}",
        f"{ratio['low']:.2f}-{ratio['high']:.2f}",
        "> 1",
        than,
    )


def _memory(e: dict[str, Any]) -> _Row:
    than = f"the promise, worst of {len(e['budgets'])} budgets" + ("" if e["within"] else "; not kept")
    return _Row("Memory, peak", size(e["peak"]), size(e["promised"]), f"{e['ratio']:.2f}", "", "± 10 % or 300 MB", than)


def _first_token(f: dict[str, Any]) -> _Row:
    than = f"reading {size(f['bytes_read'])}, or mlx-lm's prefill of {f['prompt_tokens']} tokens"
    return _Row(
        "First token, cold", f"{f['total']:.2f} s", f"{f['bound']:.2f} s", f"{f['ratio']:.2f}", _range(f), "≤ 1.2", than
    )


def _per_layer(p: dict[str, Any]) -> _Row:
    return _Row(
        "Operations per MoE layer",
        f"{p['primitives']:.1f}",
        f"{p['stock_primitives']}",
        f"{p['ratio']:.2f}",
        "",
        "≤ 1.15",
        "mlx-lm's own block",
    )


def _range(figure: dict[str, Any]) -> str:
    ratio = figure["spread"]["ratio"]
    return f"{ratio['low']:.2f}-{ratio['high']:.2f}"
