"""`cadre inspect`: what a model folder holds, what it needs and what fits. Shows a report, works out nothing."""

from __future__ import annotations

import argparse
import json

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.numbers import listed, parameters, share, size
from engine.budget import footprint
from engine.checkpoint.inspect import Point, Report, inspect
from engine.models.catalogue import resolve

_MODES = ("fast", "balanced")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "inspect",
        help="what a model holds, what it needs, what fits",
        description="Explains a model folder from its headers; no weights are read.",
    )
    parser.add_argument("path", metavar="PATH", help="a model folder, or the name of an installed model")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError."""
    report = inspect(resolve(args.path), limit=footprint.room())
    if args.json:
        print(json.dumps(report.to_json(), indent=2))
    else:
        Console(highlight=False).print(_page(report))
    return 0


def _page(report: Report) -> Group:
    parts: list[RenderableType] = [Text(), _title(report), Text(), _facts(report)]
    if report.points:
        parts += [Text(), _points(report), Text(_about_points(report), style="dim")]
    return Group(*parts, Text())


def _title(report: Report) -> Text:
    kind = "sparse model" if report.layers else "dense model"
    title = Text(f"{report.name}  ", style="bold")
    title.append(f"{parameters(report.parameters)} {kind}, {size(report.bytes)} on disk", style="not bold")
    return title


def _facts(report: Report) -> Table:
    grid = Table.grid(padding=(0, 3))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    for label, fact in _rows(report):
        grid.add_row(label, Text(fact))
    return grid


def _rows(report: Report) -> list[tuple[str, str]]:
    rows = [("Type", _kind(report))]
    if report.layers:
        rows += [
            ("Experts", _experts(report)),
            ("Routed", f"{size(report.routed_bytes)}, {parameters(report.routed_parameters)} parameters, stay on disk"),
            (
                "Dense",
                f"{size(report.dense_bytes)}, {parameters(report.dense_parameters)} parameters, always in memory",
            ),
            ("Active", f"{parameters(report.active_parameters)} parameters per token"),
            ("One expert", f"{size(report.expert_bytes)}; one in every layer {size(report.slot_bytes)}"),
        ]
    if report.encoder_bytes:
        rows.append(
            ("Pictures, sound", f"{size(report.encoder_bytes)} of the dense weights; text alone does not need them")
        )
    rows.append(("Weights", _packing(report)))
    if report.context:
        rows.append(("Context", f"{report.context:,} tokens"))
    rows.append(("Text", _text(report)))
    rows.append(("Runs", _runs(report)))
    return rows


def _kind(report: Report) -> str:
    files = f"{report.files} file{'s' if report.files > 1 else ''}"
    return ", ".join(filter(None, [report.model_type, report.architecture, files]))


def _experts(report: Report) -> str:
    words = f"{report.experts} in each of {report.layers} layers, {report.experts_per_token} used per token"
    if report.shared_experts:
        words += f", {report.shared_experts} shared"
    return f"{words}, chosen in {report.groups} groups" if report.groups > 1 else words


def _packing(report: Report) -> str:
    """Parts that are stored alike are named together, experts first."""
    alike: dict[str, list[str]] = {}
    for part, words in report.packing.items():
        alike.setdefault(words, []).append(part)
    if len(alike) == 1:
        return next(iter(alike))
    return "; ".join(f"{listed(parts)} {words}" for words, parts in alike.items())


def _text(report: Report) -> str:
    if not report.tokenizer:
        return "no tokenizer in the folder: it cannot answer"
    return "tokenizer and chat template" if report.chat_template else "tokenizer, no chat template: it continues text"


def _runs(report: Report) -> str:
    if not report.supported:
        return "not here: mlx-lm has no models of this type"
    if not report.layers:
        return "whole: it has no experts to choose from"
    return "fast, balanced and exact" if report.resident_routing else "exact only: its router is not known to Cadre"


def _points(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for heading in ("In memory", "Share", "Tier", "Parameters", "Memory"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for mode in _MODES if report.measured else ():
        table.add_column(f"{mode} loses".capitalize(), justify="right")
    for point in report.points:
        fits = "fits" if point.fits else "too large"
        table.add_row(
            f"{point.experts} of {report.experts}",
            share(point.share),
            ", ".join(point.tiers),
            parameters(point.parameters),
            size(point.memory),
            Text(fits if point.fits is not None else "", style="green" if point.fits else "yellow"),
            *(_lost(point, mode) for mode in _MODES if report.measured),
        )
    return table


def _lost(point: Point, mode: str) -> str:
    """Of nats per token; with all experts nothing is lost, and nothing had to be measured."""
    if point.share == 1:
        return "0 %"
    return f"{round(100 * point.loss[mode], 1) + 0.0} %" if mode in point.loss else ""


def _about_points(report: Report) -> str:
    words = "Experts per layer. Memory is dense weights and experts; a prompt needs some more."
    if report.limit is not None:
        words += f" {size(report.limit)} are free now."
    if report.measured:
        return f"{words} Losses were measured on {report.measured}."
    if report.profile_note or not report.resident_routing:
        return f"{words} {report.profile_note}".strip()
    return f"{words} What an answer loses with few of them is not known: `cadre calibrate` measures it."
