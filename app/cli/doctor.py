"""`cadre doctor`: what this machine can do and what is missing, a line each with the remedy.

Looks at the machine through psutil and the catalogue; what MLX can do is asked of a process of its own, since
the app touches no MLX and a broken one must not take the doctor with it. What is around Cadre is in app.cli.around.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.cli import around, screen
from app.cli.budgets import Budgets, budgets, page
from app.cli.finding import Finding, State
from app.numbers import size
from engine.budget import footprint
from engine.budget.presets import Presets, own_file
from engine.budget.presets import load as load_presets
from engine.budget.pressure import Sensors, Thermal, this_machine
from engine.checkpoint.inspect import inspect
from engine.errors import KnownError
from engine.lab import disk_speed
from engine.messages import Pressure
from engine.models import places
from engine.models.catalogue import InstalledModel, installed, resolve
from engine.models.folders import BUILTIN, Source

_PATIENCE = 120
"""Seconds for a process to import MLX, which a cold disk can make slow."""
_LITTLE_MEMORY = 6_000_000_000
_LITTLE_DISK = 20_000_000_000
_AGAIN = "Install Cadre anew: `pipx reinstall cadre`, or `make run` in a clone."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="what this machine can do and what is missing",
        description="Looks at Python, MLX, memory, disk and models, and says what to do about what is missing.",
    )
    parser.add_argument(
        "--model", default=BUILTIN, metavar="M", help="whose budgets to show: a folder, an installed name, or builtin"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Always 0: finding something missing is what it is for."""
    found, finding = about_budgets(args.model)
    findings = [*examine(), about_presets(load_presets(), own_file()), finding]
    if args.json:
        ready = all(finding.state is not State.MISSING for finding in findings)
        told = {"ready": ready, "findings": [asdict(finding) for finding in findings]}
        print(json.dumps(told | {"budgets": None if found is None else asdict(found)}, indent=2))
    else:
        console = Console(highlight=False)
        console.print(_table(findings))
        if found is not None and found.lines:
            console.print(page(found))
    return 0


def examine() -> list[Finding]:
    """The machine and what is around Cadre."""
    return [
        Finding("Python", State.GOOD, f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        *about_mlx(ask_mlx()),
        about_memory(footprint.total(), footprint.available()),
        *about_strain(this_machine()),
        about_home(places.home()),
        about_disk(places.models()),
        *about_surroundings(),
        about_models(installed()),
    ]


def about_surroundings() -> Iterator[Finding]:
    """The disk's speed anywhere; what is on a desktop only where there is one."""
    folder = _nearest(places.models())
    yield around.about_speed(folder, shutil.disk_usage(folder).free, disk_speed.measure)
    if not screen.is_there():
        return
    try:
        surroundings = around.here()
    except ImportError as error:
        yield Finding("Window", State.WORSE, f"Qt does not start: {error}", _AGAIN)
        return
    yield from around.examine(surroundings)


def ask_mlx() -> dict[str, Any] | str:
    """What `engine.lab.machine` prints, or the last line of what went wrong."""
    command = [sys.executable, "-P", "-m", "engine.lab.machine"]  # -P: not an `engine` of the folder we stand in
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"it ended with code {done.returncode}"
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def about_mlx(machine: dict[str, Any] | str) -> Iterator[Finding]:
    if isinstance(machine, str):
        yield Finding("MLX", State.MISSING, f"does not start: {machine}", remedy_of(machine))
        return
    words = f"{machine['mlx']} with mlx-lm {machine['mlx_lm']}"
    if machine["product_ok"]:
        yield Finding("MLX", State.GOOD, f"{words}; a matrix product on the {_processor(machine)} came out right")
    else:
        yield Finding("MLX", State.MISSING, f"{words} multiplies wrongly", _AGAIN)
    yield _about_device(machine)
    if sys.platform == "darwin":
        yield _about_metal(machine)
    if sys.platform == "linux" and not machine["gpu"]:
        yield _about_blas(openblas=machine["openblas"])


def _processor(machine: dict[str, Any]) -> str:
    return "GPU" if machine["gpu"] else "CPU"


def remedy_of(said: str) -> str:
    """What MLX says when its Metal library is missing, or is one for a newer macOS than this."""
    if "language version" in said and "not supported" in said:
        return "This Cadre was built for a newer macOS: install the one for macOS 14, or update macOS."
    if "metallib" in said or "metal library" in said.lower():
        return "A part of Cadre is missing: move Cadre.app to the Bin and install it anew from the disk image."
    return _AGAIN


def _about_metal(machine: dict[str, Any]) -> Finding:
    library = machine["metallib"]
    if not machine["metal"]:
        remedy = "Cadre needs a Mac with Apple silicon and macOS 14 or newer, not in a virtual machine without a GPU."
        return Finding("Metal", State.WORSE, "this system offers none", remedy)
    if library is None:
        return Finding("Metal", State.MISSING, "its library is not beside MLX", remedy_of("metallib"))
    return Finding("Metal", State.GOOD, f"works, with a library of {size(library)}")


def _about_device(machine: dict[str, Any]) -> Finding:
    if not machine["gpu"]:
        remedy = "Answers are exact but slow here; Cadre is made for Macs with Apple silicon."
        return Finding("GPU", State.WORSE, f"none that MLX uses; it runs on {machine['device']}", remedy)
    limit = machine["memory_limit"]
    return Finding("GPU", State.GOOD, f"{machine['device']}, {size(limit)} for models" if limit else machine["device"])


def _about_blas(*, openblas: bool) -> Finding:
    if openblas:
        return Finding("OpenBLAS", State.GOOD, "loaded")
    remedy = "Install it: `apt install libopenblas0`. It multiplies float32 about 30 times faster."
    return Finding("OpenBLAS", State.WORSE, "not installed", remedy)


def about_memory(total: int, available: int) -> Finding:
    found = f"{size(total)}, {size(available)} of it free"
    if available < _LITTLE_MEMORY:
        return Finding("Memory", State.WORSE, found, "Close other apps: the more is free, the more experts stay.")
    return Finding("Memory", State.GOOD, found)


def about_strain(sensors: Sensors) -> Iterator[Finding]:
    """What makes an answer hold less: memory pressure, heat, low-power mode, each with where it is read."""
    level = sensors.pressure.level()
    words = {Pressure.NORMAL: "normal", Pressure.WARN: "warning", Pressure.CRITICAL: "critical"}[level]
    remedy = "Close other apps: answers hold fewer experts until it is over." if level else None
    yield _strain("Memory pressure", words, sensors.pressure.source, remedy)
    heat = sensors.thermal.state()
    remedy = "Let the machine cool down: it works slowly until then." if heat >= Thermal.SERIOUS else None
    yield _strain("Heat", heat.name.lower(), sensors.thermal.source, remedy)
    saving = sensors.power.low_power()
    remedy = "Cadre gives memory back sooner while it is on." if saving else None
    yield _strain("Low-power mode", "on" if saving else "off", sensors.power.source, remedy)


def _strain(what: str, words: str, source: str, remedy: str | None) -> Finding:
    if not source:
        return Finding(what, State.GOOD, "nothing tells it here; taken for none")
    return Finding(what, State.WORSE if remedy else State.GOOD, f"{words} ({source})", remedy)


def about_home(home: Path) -> Finding:
    """Where chats, settings and models are kept. Tried by writing: permissions alone do not tell of a disk to read."""
    place = _nearest(home)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(b"cadre")
    except OSError as error:
        remedy = "Make it writable for you, free some space, or set CADRE_HOME to another folder."
        return Finding("Folder", State.WORSE, f"nothing can be kept in {home} ({error.strerror})", remedy)
    if any(part.exists() and not part.is_dir() for part in (home, *home.parents)):
        remedy = "Move it out of the way, or set CADRE_HOME to another folder."
        return Finding("Folder", State.WORSE, f"a file stands where {home} should be", remedy)
    return Finding("Folder", State.GOOD, f"chats, settings and models are kept in {home}")


def about_presets(presets: Presets, own: Path) -> Finding:
    """What decides how much of a model a request gets when nobody says."""
    if presets.notes:
        return Finding("Presets", State.WORSE, presets.notes[0], f"The file is {own}.")
    return Finding("Presets", State.GOOD, f"yours, {own}" if own.exists() else "as they come with Cadre")


def about_budgets(model: str) -> tuple[Budgets | None, Finding]:
    """Of the model that was named. What cannot be opened is said, and no table shown."""
    try:
        found = budgets(inspect(resolve(model), limit=footprint.room()))
    except KnownError as error:
        return None, Finding("Budgets", State.WORSE, error.sentence, error.next_step)
    if not found.of:
        return found, Finding("Budgets", State.GOOD, f"{found.model} has no experts to choose from: all of it is used")
    most = max((line.granted for line in found.lines), default=0)
    held = f"{size(found.limit)} may be used now"
    if not most:
        remedy = "Close other apps, or choose a smaller model."
        return found, Finding("Budgets", State.WORSE, f"{held}: too little for {found.model}", remedy)
    if all(line.granted == line.experts for line in found.lines):
        return found, Finding("Budgets", State.GOOD, f"{held}; every tier of {found.model} fits")
    remedy = "More fit when other apps are closed."
    return found, Finding("Budgets", State.WORSE, f"{held}; at most {most} of {found.of} experts per layer fit", remedy)


def about_disk(models: Path) -> Finding:
    """Free space where downloads go, whether or not the folder is there yet."""
    free = shutil.disk_usage(_nearest(models)).free
    found = f"{size(free)} free for models in {models}"
    if free < _LITTLE_DISK:
        return Finding("Disk", State.WORSE, found, "Free some space, or set CADRE_HOME to a folder on a larger disk.")
    return Finding("Disk", State.GOOD, found)


def _nearest(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def about_models(models: list[InstalledModel]) -> Finding:
    """Those for real work: the built-in demonstration counts only when it is broken."""
    broken = [model for model in models if model.problem]
    which = " `cadre models` says what is wrong with the others." if broken else ""
    whole = len([model for model in models if not model.unasked and model.source is not Source.BUILTIN])
    if not whole:
        remedy = f"`cadre pull REPO` downloads one; `--model builtin` is a small one to try things with.{which}"
        found = "none but the built-in demonstration" if any(not model.problem for model in models) else "none"
        return Finding("Models", State.WORSE, f"{found}, {len(broken)} broken" if broken else found, remedy)
    if broken:
        return Finding(
            "Models", State.WORSE, f"{whole}, {len(broken)} more with a problem", "`cadre models` says which."
        )
    measured = sum(model.measured for model in models)
    return Finding("Models", State.GOOD, f"{whole}, {measured} of them measured" if measured else f"{whole}")


_MARKS = {
    State.GOOD: Text("✓", style="green"),
    State.WORSE: Text("!", style="yellow"),
    State.MISSING: Text("✗", style="red"),
}


def _table(findings: list[Finding]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for finding in findings:
        words = Text(finding.found)
        if finding.remedy:
            words.append(f"\n{finding.remedy}", style="dim")
        table.add_row(_MARKS[finding.state], finding.what, words)
    return table
