"""The door of the command line. Knows the commands by name, not what they do; turns every end into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from app.cli import ask, bench, calibrate, chat, dictate, doctor, inspect, models, pull, quick, speak, transcribe, tune
from app.cli import eval as evaluation
from app.cli.ask import CANCELLED
from app.cli.say import say
from app.cli.session import EngineBug
from engine import logs
from engine.errors import Cancelled, KnownError

DONE, FAILED = 0, 1
_COMMANDS = (
    chat,
    quick,
    dictate,
    ask,
    models,
    pull,
    inspect,
    bench,
    evaluation,
    calibrate,
    tune,
    transcribe,
    speak,
    doctor,
)
_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` without the program's name.

    0 done, 1 failed for a known reason (or a bug), 2 wrong usage, 130 cancelled.
    """
    parser = _parser()
    try:
        args = parser.parse_args((sys.argv[1:] if argv is None else list(argv)) or ["app"])
    except SystemExit as end:
        return int(end.code or 0)
    _make_streams_forgiving()
    logs.start()
    return _ended(args)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cadre",
        description="Answers with only the experts a prompt needs. Without a command: a chat.",
    )
    parser.add_argument("--version", action="version", version=f"cadre {version('cadre')}")
    subparsers = parser.add_subparsers(title="commands", metavar="", required=True)
    for command in _COMMANDS:
        command.add_parser(subparsers)
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
