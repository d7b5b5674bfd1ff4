"""`cadre dictate`: begins a dictation in the running Cadre, or ends it; made to be bound to a key."""

from __future__ import annotations

import argparse

from app.desktop import doorbell
from engine.errors import KnownError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "dictate",
        help="begin to dictate into whatever is in front, or end it",
        description="Begins a dictation in the Cadre that runs; a second time ends it. Made to be bound to a key where "
        "the desktop gives no keys to programs.",
    )
    parser.set_defaults(run=run)


def run(_args: argparse.Namespace) -> int:
    """Raises KnownError: no Cadre runs."""
    if doorbell.ring(doorbell.DICTATE):
        return 0
    raise KnownError("Cadre does not run, so nobody listens.", "Start it with `cadre app --background`.")
