"""`cadre quick`: the quick prompt of the running Cadre, to be bound to a key in the desktop's own settings."""

from __future__ import annotations

import argparse

from app.cli import screen
from app.desktop import doorbell
from engine.errors import KnownError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "quick",
        help="open the quick prompt, over whatever is in front",
        description="Opens the quick prompt of the Cadre that runs, or starts Cadre with it. Made to be bound to a key "
        "where the desktop gives no keys to programs.",
    )
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Raises KnownError: there is no screen."""
    if doorbell.ring(doorbell.QUICK):
        return 0
    if not screen.is_there():
        raise KnownError("The quick prompt needs a screen.", "`cadre ask` answers in the terminal.")
    ended = screen.run_window("", quick=True, background=True)
    return 1 if ended is None else ended
