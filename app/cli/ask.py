"""`cadre ask`: one answer, streamed. On a terminal with the experts beside it, in a pipe as plain text, or as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from app.cli import options
from app.cli.live import Screen
from app.cli.say import say
from app.cli.session import CANCELLED, Show, answer, running_engine
from app.record import as_json, in_words
from engine import messages as m
from engine.link import Engine
from engine.models.folders import BUILTIN

ABOUT_BUILTIN = (
    "The built-in model is a small demonstration: it knows everyday requests such as restaurants, films and flights, "
    "and little else."
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "ask",
        help="one answer",
        description="Answers a prompt, streamed, with only the experts it needs in memory.",
    )
    parser.add_argument("prompt", metavar="PROMPT", help="what to answer; - reads it from standard input")
    options.add_model_options(parser)
    parser.add_argument("--system", metavar="TEXT", help="what the model is told before the prompt")
    parser.add_argument(
        "--image", metavar="FILE", action="append", help="a picture to ask about, repeatable; for models that see"
    )
    parser.add_argument(
        "--audio", metavar="FILE", action="append", help="a sound to ask about, repeatable; for models that hear"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object when the answer is done")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, session.EngineBug, Cancelled, KeyboardInterrupt."""
    pictures, sounds = (tuple(Path(file).absolute() for file in files or ()) for files in (args.image, args.audio))
    turns = [m.Turn("user", _prompt(args.prompt), pictures, sounds)]
    if args.system:
        turns.insert(0, m.Turn("system", clean(args.system)))
    attachments = (m.Attachment.IMAGE,) * len(pictures) + (m.Attachment.AUDIO,) * len(sounds)
    ask = replace(request(args, "ask", tuple(turns)), attachments=attachments)
    with running_engine() as engine:
        record = _answered(engine, ask, as_object=args.json)
    return CANCELLED if record.finish == "cancelled" else 0


def _answered(engine: Engine, ask: m.Ask, *, as_object: bool) -> m.Record:
    if as_object:
        record = answer(engine, ask, lambda _event: None)
        print(json.dumps(as_json(record)), flush=True)
    elif wants_panel(console := Console(highlight=False)):
        if ask.model == BUILTIN:
            say(ABOUT_BUILTIN, style="dim")
        with Screen(console) as screen:
            record = answer(engine, ask, screen.show)
        say_notes(record)
    else:
        record = answer(engine, ask, plain())
        print(flush=True)
        say(in_words(record), error=True)
        if ask.model == BUILTIN:
            say(ABOUT_BUILTIN, error=True)
        say_notes(record)
    return record


def request(args: argparse.Namespace, name: str, turns: tuple[m.Turn, ...], conversation: str = "") -> m.Ask:
    return m.Ask(
        request=name,
        model=args.model,
        turns=turns,
        mode=m.Mode(args.mode),
        budget=args.budget,
        experts=args.experts,
        memory=args.memory,
        max_tokens=args.max_tokens,
        sampling=m.Sampling(temperature=args.temperature, seed=args.seed),
        stop=tuple(clean(text) for text in args.stop),
        conversation=conversation,
        reselect_every=args.reselect_every,
        profile=args.profile,
    )


def wants_panel(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal


def plain() -> Show:
    """Text as it comes; beside it only the offer of a faster way, as long as that is of use."""

    def show(event: m.Event | None) -> None:
        if isinstance(event, m.Planned) and event.offer:
            say(event.offer, error=True)
        if isinstance(event, m.Token) and event.text:
            print(event.text, end="", flush=True)

    return show


def say_notes(record: m.Record) -> None:
    for note in record.notes:
        say(note, error=True, style="dim")


def clean(text: str) -> str:
    """Bytes of the command line that are no UTF-8 become the replacement character."""
    return os.fsencode(text).decode("utf-8", "replace")


def _prompt(text: str) -> str:
    if text != "-":
        return clean(text)
    return sys.stdin.buffer.read().decode("utf-8", "replace")
