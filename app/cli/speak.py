"""`cadre say`: reads a text aloud, or writes it as sound. Knows neither how sentences are cut nor who speaks."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np

from app.cli.say import say
from app.cli.session import EngineBug, running_engine
from app.voice import loudspeaker
from app.voice.reading import sentences
from app.voice.tempo import paced
from app.voice.voices import Spoken, system_voice
from engine import messages as m
from engine.errors import KnownError
from engine.link import Engine
from engine.speech.media import FORMATS

_SLOWEST, _FASTEST = 0.5, 3.0
_PAUSE = 0.25
"""Seconds between two sentences in a file."""
_AHEAD = 2
"""Sentences that the engine is asked for beside the one that is heard."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "say",
        help="read a text aloud",
        description="Reads a text aloud, sentence by sentence, with the system's voice or with a voice model. Of "
        "Markdown it says what one would: code is named, links are their words.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    parser.add_argument("--out", metavar="F", help="write a sound file instead: " + ", ".join(FORMATS))
    parser.add_argument(
        "--voice", default="", metavar="M", help="a Pocket TTS, Soprano or Qwen3-TTS model's folder or name"
    )
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="S", help="0.5 to 3, 1 is usual")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError."""
    parts = list(sentences(sys.stdin.read() if args.text == "-" else args.text))
    if not parts:
        raise KnownError("There is nothing to say.", 'Give some words: `cadre say "Good morning"`.')
    path = Path(args.out).expanduser() if args.out else None
    if path is not None and path.suffix.lower().removeprefix(".") not in FORMATS:
        raise KnownError(f"{path.name} has no ending that Cadre writes.", f"End it with one of: {', '.join(FORMATS)}.")
    spoken = _by_model(parts, args.voice, args.speed) if args.voice else _by_system(parts, args.speed)
    with closing(spoken):
        if path is not None:
            _write(path, list(spoken))
        else:
            for part in spoken:
                loudspeaker.play(part)
    return 0


def _by_system(parts: list[str], speed: float) -> Generator[Spoken, None, None]:
    voice = system_voice()
    for part in parts:
        yield voice.speak(part, speed)


def _by_model(parts: list[str], voice: str, speed: float) -> Generator[Spoken, None, None]:
    """The engine makes the next ones while one is heard."""
    with running_engine() as engine:
        for number in range(len(parts) + _AHEAD):
            if number < len(parts):
                engine.send(m.Speak(f"say-{number}", voice, parts[number]))
            if number >= _AHEAD:
                made = _made(engine)
                yield Spoken(paced(made.samples, made.rate, speed), made.rate)


def _made(engine: Engine) -> m.Spoke:
    """Raises KnownError, EngineBug."""
    while True:
        match engine.get():
            case m.Spoke() as spoke:
                return spoke
            case m.Failed(_, True, sentence, next_step):
                raise KnownError(sentence, f"{next_step} Without --voice the system's voice reads it.")
            case m.Failed(_, _, sentence):
                raise EngineBug(sentence)
            case m.EngineStopped(sentence):
                raise KnownError(sentence or "The engine stopped.", "Try again.")


def _write(path: Path, parts: list[Spoken]) -> None:
    """Under another name first: what was there stays until the new one is whole."""
    import soundfile

    spoken = _joined(parts)
    unfinished = path.with_name(f".{path.stem}.unfinished{path.suffix}")
    try:
        soundfile.write(unfinished, spoken.samples, spoken.rate)
        os.replace(unfinished, path)  # noqa: PTH105 -- replaces what is there
    except (OSError, soundfile.LibsndfileError) as error:
        unfinished.unlink(missing_ok=True)
        raise KnownError(f"{path} cannot be written: {error}.", "Choose another place with --out.") from error
    say(f"{len(spoken.samples) / spoken.rate:.1f} seconds in {path}", error=True)


def _joined(parts: list[Spoken]) -> Spoken:
    rate = parts[0].rate
    pause = np.zeros(round(_PAUSE * rate), np.float32)
    pieces = [piece for part in parts for piece in (part.samples, pause)]
    return Spoken(np.concatenate(pieces[:-1]), rate)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not _SLOWEST <= speed <= _FASTEST:
        raise argparse.ArgumentTypeError(f"{text} is not between {_SLOWEST} and {_FASTEST:g}")
    return speed
