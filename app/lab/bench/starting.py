"""How long from starting the program to a window that takes a letter. Each take is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from app.cli import screen
from app.lab.bench.figures import Figure
from engine.errors import KnownError

GOAL = 1.5
_PATIENCE = 60.0
_NOT_HANDED_ON = {"PYTHONDONTWRITEBYTECODE", "CADRE_SCREEN"}


def measure(takes: int, home: Path) -> Figure:
    """Without a model. One start more comes first: it compiles Python's files, as an installation has done.

    Raises:
        KnownError: the window did not come.
    """
    environment = _environment(home)
    _start(environment)
    starts = [_start(environment) for _ in range(takes)]
    return Figure(
        "From starting the program to a window that takes a letter",
        "s",
        GOAL,
        tuple(seconds for seconds, _ in starts),
        details=(
            ("mlx_imported", any(said["mlx"] for _, said in starts)),
            ("modules", max(said["modules"] for _, said in starts)),
        ),
    )


def _environment(home: Path) -> dict[str, str]:
    """The real way in, also where there is no screen: the door asks for DISPLAY only, Qt for the platform."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_HANDED_ON}
    given = {"CADRE_HOME": str(home / "starts"), "PYTHONPYCACHEPREFIX": str(home / "compiled")}
    if not screen.is_there():
        given |= {"QT_QPA_PLATFORM": "offscreen", "DISPLAY": ":none"}
    return kept | given


def _start(environment: dict[str, str]) -> tuple[float, dict[str, Any]]:
    began = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "app.lab.bench.started"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE,
        )
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise KnownError("The window did not start.", "`cadre doctor` tells what is missing.") from error
    return said["usable"] - began, said
