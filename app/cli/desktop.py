"""`cadre app`: the window where there is a screen, else a chat in the terminal."""

from __future__ import annotations

import argparse

from app.cli import options, screen
from engine.models.folders import BUILTIN


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "app",
        help="the desktop app, or without a screen a chat in the terminal; what cadre alone does",
        description="Opens the desktop app. Without a screen, or with --terminal, a chat in the terminal, which at the "
        "end of its input answers one sample. The window takes only --model; the rest is chosen in it.",
    )
    options.add_model_options(parser)
    parser.add_argument("--background", action="store_true", help="no window yet: only the sign in the menu bar")
    parser.add_argument("--terminal", action="store_true", help="a chat in the terminal in any case")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, session.EngineBug, KeyboardInterrupt."""
    if not args.terminal and screen.is_there():
        ended = screen.run_window("" if args.model == BUILTIN else args.model, background=args.background)
        if ended is not None:
            return ended
    from app.cli import chat  # a window does without all that a terminal shows

    return chat.run(args)
