"""The door of the command line. Knows the commands by name, not what they do; turns every end into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Any

from app.cli.say import say
from app.cli.session import CANCELLED, EngineBug
from engine import logs
from engine.errors import Cancelled, KnownError

DONE, FAILED = 0, 1
_COMMANDS = {
    "app": "desktop",
    "quick": "quick",
    "dictate": "dictate",
    "ask": "ask",
    "models": "models",
    "pull": "pull",
    "inspect": "inspect",
    "bench": "bench",
    "eval": "eval",
    "calibrate": "calibrate",
    "tune": "tune",
    "transcribe": "transcribe",
    "say": "speak",
    "doctor": "doctor",
}
"""The module of each. Only that of the command asked for is imported: the window need not wait for the rest."""
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` without the program's name.

    0 done, 1 failed for a known reason (or a bug), 2 wrong usage, 130 cancelled.
    """
    given = (sys.argv[1:] if argv is None else list(argv)) or ["app"]
    try:
        args = _parser(given[0]).parse_args(given)
    except SystemExit as end:
        return int(end.code or 0)
    _make_streams_forgiving()
    logs.start()
    return _ended(args)


class _Version(argparse.Action):
    """Looks it up only when asked: that takes as long as a tenth of the window's start."""

    def __call__(self, parser: argparse.ArgumentParser, *_rest: Any) -> None:
        sys.stdout.write(f"cadre {metadata.version('cadre')}\n")
        parser.exit()


def _parser(first: str) -> argparse.ArgumentParser:
    """For a command line that begins so: with that command, or to tell or guess what is meant with all."""
    parser = argparse.ArgumentParser(
        prog="cadre",
        description="Answers with only the experts a prompt needs. Without a command: the app.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in [first] if first in _COMMANDS else _COMMANDS:
        import_module(f"app.cli.{_COMMANDS[command]}").add_parser(subparsers)
    return parser


def _ended(args: argparse.Namespace) -> int:
    """Nothing but a plain sentence reaches the person, whatever happened."""
    try:
        return int(args.run(args))
    except KnownError as error:
        say(str(error).strip(), error=True)
        return FAILED
    except (Cancelled, KeyboardInterrupt):
        return CANCELLED
    except BrokenPipeError:
        _forget_output()
        return CANCELLED
    except EngineBug:
        return _bug()
    except Exception:  # noqa: BLE001 -- the last line of defence
        _log.exception("a command failed")
        return _bug()


def _bug() -> int:
    say(f"Something went wrong inside Cadre; this is a bug. The log has the details: {logs.path()}", error=True)
    return FAILED


def _make_streams_forgiving() -> None:
    """A terminal that cannot show a character must not end the answer."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]


def _forget_output() -> None:
    """Who read our output is gone; the interpreter must not try to flush it at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
