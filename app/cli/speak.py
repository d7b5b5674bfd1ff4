"""`cadre say`: reads a text aloud, or writes it as sound. Knows neither how sentences are cut nor who speaks."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from app.cli.say import say
from app.voice import loudspeaker
from app.voice.reading import sentences
from app.voice.voices import Spoken, Voice, system_voice
from engine.errors import KnownError
from engine.speech.media import FORMATS

_SLOWEST, _FASTEST = 0.5, 3.0
_PAUSE = 0.25
"""Seconds between two sentences in a file."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "say",
        help="read a text aloud",
        description="Reads a text aloud with the system's voice, sentence by sentence. Of Markdown it says what one "
        "would: code is named, links are their words.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    parser.add_argument("--out", metavar="F", help="write a sound file instead: " + ", ".join(FORMATS))
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="S", help="0.5 to 3, 1 is usual")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError."""
    parts = list(sentences(sys.stdin.read() if args.text == "-" else args.text))
    if not parts:
        raise KnownError("There is nothing to say.", 'Give some words: `cadre say "Good morning"`.')
    voice = system_voice()
    if args.out:
        _write(Path(args.out).expanduser(), parts, voice, args.speed)
    else:
        for part in parts:
            loudspeaker.play(voice.speak(part, args.speed))
    return 0


def _write(path: Path, parts: list[str], voice: Voice, speed: float) -> None:
    """Under another name first: what was there stays until the new one is whole."""
    import soundfile

    if path.suffix.lower().removeprefix(".") not in FORMATS:
        raise KnownError(f"{path.name} has no ending that Cadre writes.", f"End it with one of: {', '.join(FORMATS)}.")
    spoken = _joined([voice.speak(part, speed) for part in parts])
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
