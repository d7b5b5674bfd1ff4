"""`cadre models`: what is installed and where, checked and deleted. Shows and asks; the catalogue looks."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.numbers import listed, size
from engine.errors import Cancelled, KnownError
from engine.models import care
from engine.models.catalogue import InstalledModel, find, installed
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
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--verify", metavar="NAME", help="read all of a model and say whether it is as published")
    what.add_argument("--delete", metavar="NAME", help="delete a model from Cadre's folder or the Hugging Face cache")
    what.add_argument("--add", metavar="FOLDER", help="list a model folder from now on, where it lies")
    parser.add_argument("--yes", action="store_true", help="delete without asking")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, Cancelled."""
    if args.verify:
        return _verify(find(args.verify), as_json=args.json)
    if args.delete:
        return _delete(find(args.delete), sure=args.yes, as_json=args.json)
    if args.add:
        return _add(args.add, as_json=args.json)
    care.clear_deleted()
    models = installed()
    if args.json:
        print(json.dumps({"models": [_as_json(model) for model in models]}, indent=2))
        return 0
    if models:
        Console(highlight=False).print(_table(models))
    if all(model.source is Source.BUILTIN for model in models):
        print("No other models here yet. `cadre pull REPO` downloads one, and `--model` takes any model folder.")
    return 0


def _verify(model: InstalledModel, *, as_json: bool) -> int:
    found = care.verify(model)
    if as_json:
        print(json.dumps({"name": model.name, "whole": found.is_whole} | asdict(found), indent=2))
    if found.damaged:
        raise KnownError(
            f"{listed(list(found.damaged))} of {model.name} {'is' if len(found.damaged) == 1 else 'are'} damaged and "
            "set aside.",
            f"`cadre pull {model.name}` loads that again.",
        )
    if found.problem:
        raise KnownError(found.problem, f"`cadre pull {model.name}` loads what is missing, if it is on the Hub.")
    if not as_json:
        print(_how_verified(model, found))
    return 0


def _how_verified(model: InstalledModel, found: care.Verified) -> str:
    if found.hashed and not found.unhashed:
        return f"{model.name} is whole: every byte of its {found.hashed} files is as published."
    return (
        f"{model.name} has all its parts, and they fit together. Whether every byte is right cannot be said: "
        "only the Hugging Face cache keeps the hashes."
    )


def _delete(model: InstalledModel, *, sure: bool, as_json: bool) -> int:
    care.check_deletable(model)
    if not sure:
        _ask(model)
    care.delete(model)
    if as_json:
        print(json.dumps({"name": model.name, "deleted": True, "bytes": model.bytes}, indent=2))
    else:
        print(f"{model.name} is deleted ({size(model.bytes)}).")
    return 0


def _ask(model: InstalledModel) -> None:
    if not sys.stdin.isatty():
        raise KnownError(f"{model.name} was not deleted: nobody can be asked here.", "Add --yes if you are sure.")
    others = " Other programs that use it lose it too." if model.source is Source.HUGGING_FACE else ""
    if input(f"Delete {model.name} ({size(model.bytes)}) for good?{others} [y/N] ").strip().lower() not in ("y", "yes"):
        raise Cancelled


def _add(folder: str, *, as_json: bool) -> int:
    name = care.add_in_place(Path(folder))
    print(json.dumps({"name": name}, indent=2) if as_json else f"{name} is listed from now on; it stays where it lies.")
    return 0


def _type(model: InstalledModel) -> str:
    """Soprano calls itself a Qwen3, and is a voice."""
    if model.voice:
        return f"voice ({model.voice})"
    return f"recogniser ({model.speech})" if model.speech else model.model_type or ""


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
            _type(model),
            _PLACES[model.source],
            "yes" if model.measured else "",
            Text(model.problem or "", style="yellow"),
        )
    return table
