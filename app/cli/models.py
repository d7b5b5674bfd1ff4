"""`cadre models`: what is installed and where. Shows the catalogue, looks nowhere itself."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.numbers import size
from engine.models.catalogue import InstalledModel, installed
from engine.models.folders import Source

_PLACES = {
    Source.BUILTIN: "built in",
    Source.CADRE: "Cadre",
    Source.HUGGING_FACE: "Hugging Face cache",
    Source.LM_STUDIO: "LM Studio",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "models",
        help="what is installed",
        description="Lists the models on this machine: Cadre's own, the Hugging Face cache's and LM Studio's.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    models = installed()
    if args.json:
        print(json.dumps({"models": [_as_json(model) for model in models]}, indent=2))
    elif models:
        Console(highlight=False).print(_table(models))
    else:
        print("No models here yet. `cadre pull REPO` downloads one, and `--model` takes any model folder.")
    return 0


def _as_json(model: InstalledModel) -> dict[str, Any]:
    return asdict(model) | {"path": str(model.path)}


def _table(models: list[InstalledModel]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("Name", overflow="fold")
    table.add_column("Size", justify="right", no_wrap=True)
    table.add_column("Type")
    table.add_column("In", no_wrap=True)
    table.add_column("Measured", no_wrap=True)
    if any(model.problem for model in models):
        table.add_column("Problem")
    for model in models:
        table.add_row(
            Text(model.name, style="dim" if model.problem else "bold"),
            size(model.bytes),
            model.model_type or "",
            _PLACES[model.source],
            "yes" if model.measured else "",
            Text(model.problem or "", style="yellow"),
        )
    return table
