"""`cadre transcribe`: what is said in a sound file, as text, captions or JSON. Shows and prints, recognises nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli import cleaning
from app.cli.say import say
from app.cli.session import EngineBug, interrupts, running_engine
from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.link import Engine
from engine.speech import captions, wording

_REQUEST = "transcribe"
_TICK = 0.2
_FORMATS: dict[str, Callable[[m.Transcript], str]] = {
    "txt": lambda transcript: captions.text(transcript.words),
    "srt": lambda transcript: captions.srt(transcript.words),
    "vtt": lambda transcript: captions.vtt(transcript.words),
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "transcribe",
        help="write down what is said in a sound file",
        description="Writes down what is said in a WAV, FLAC, Ogg, MP3 or AIFF file, on this machine. Without --model "
        "a small recogniser that is always there does it; a Whisper or Parakeet model does it better.",
    )
    parser.add_argument("file", metavar="FILE", help="the sound file")
    parser.add_argument("--model", default="", metavar="M", help="a Whisper or Parakeet model's folder or name")
    parser.add_argument("--language", metavar="L", help="what is spoken (en, de, ...); found out if not given")
    parser.add_argument("--words", default="", metavar="W,W", help="names and terms that may be said, with commas")
    parser.add_argument("--replace", action="append", default=[], metavar="A=B", help="write B where A is heard")
    parser.add_argument("--no-fillers", action="store_true", help="leave out um, uh and the like (English)")
    parser.add_argument("--signs", action="store_true", help='write a comma where "comma" is said (English)')
    parser.add_argument(
        "--clean-up",
        action="store_true",
        help="have a language model set marks and take out slips; what it changes beyond that is not taken",
    )
    parser.add_argument(
        "--clean-up-with", metavar="M", help="the model for --clean-up (default: the first installed one that can)"
    )
    parser.add_argument("--format", choices=[*_FORMATS, "json"], default="txt", help="txt (default), srt, vtt, json")
    parser.add_argument("--json", action="store_true", help="print one JSON object, as --format json does")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, EngineBug, Cancelled."""
    words = tuple(word.strip() for word in args.words.split(",") if word.strip())
    command = m.Transcribe(_REQUEST, os.path.abspath(args.file), args.model, args.language, words)  # noqa: PTH100
    table = _table(args.replace)
    kind = "json" if args.json else args.format
    cleaner = cleaning.chosen(args.clean_up_with, kind) if args.clean_up or args.clean_up_with else None
    with running_engine() as engine:
        with _Show() as show:
            transcript = _transcript(engine, command, show)
        transcript = _worded(transcript, command.words, table, args)
        cleaned = None
        try:
            if cleaner and transcript.words:
                cleaned = cleaning.clean(engine, cleaner, transcript.words, command.words)
        finally:  # also when the clean-up fails or is stopped: what was written down took long
            _print(transcript, cleaned, cleaner, kind)
    return 0


def _print(transcript: m.Transcript, cleaned: cleaning.Cleaned | None, cleaner: str | None, kind: str) -> None:
    notes = (*transcript.notes, *([cleaned.note] if cleaned else []))
    for note in notes:
        say(note, error=True)
    if kind == "json":
        extra = {"cleaned": cleaned.text, "cleaned_by": cleaner} if cleaned else {}
        print(json.dumps(_report(replace(transcript, notes=notes)) | extra, indent=2, ensure_ascii=False))
    else:
        print(cleaned.text + "\n" if cleaned else _FORMATS[kind](transcript), end="")


def _table(given: list[str]) -> dict[str, str]:
    """Raises KnownError: one is not of the form A=B."""
    for one in given:
        if not one.partition("=")[0].strip() or "=" not in one:
            raise KnownError(f"--replace {one} does not say what to write.", "Give it as heard=written.")
    return {heard.strip(): written.strip() for heard, _, written in (one.partition("=") for one in given)}


def _worded(
    transcript: m.Transcript, names: tuple[str, ...], table: dict[str, str], args: argparse.Namespace
) -> m.Transcript:
    words = wording.without_fillers(transcript.words) if args.no_fillers else transcript.words
    words = wording.with_signs(words) if args.signs else words
    return replace(transcript, words=wording.replaced(wording.spelt(words, names), table))


def _transcript(engine: Engine, command: m.Transcribe, show: _Show) -> m.Transcript:
    """Until the end. Stopped with Ctrl-C, what was written down so far is printed, so that nothing is lost."""
    with interrupts() as interrupt:
        engine.send(command)
        asked_to_stop = False
        while True:
            if interrupt.asked and not asked_to_stop:
                engine.send(m.Cancel(command.request))
                asked_to_stop = True
            match engine.get(_TICK):
                case m.Transcribed(_, transcript):
                    return transcript
                case m.Transcribing() as event:
                    show.tell(event)
                case m.Failed() as event if asked_to_stop and event.known:
                    show.tell_rest()
                    raise Cancelled
                case m.Failed() as event:
                    raise KnownError(event.sentence, event.next_step) if event.known else EngineBug(event.sentence)
                case m.EngineStopped() as event:
                    raise KnownError(event.sentence or "The engine stopped.", "Try again.")


class _Show:
    """On a terminal a bar on stderr, so that stdout is the text."""

    def __init__(self) -> None:
        columns = (BarColumn(24), TextColumn("{task.fields[what]}"), TimeRemainingColumn())
        console = Console(stderr=True, highlight=False)
        self._progress = Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("", total=None, what="starting")
        self._words: list[m.SpokenWord] = []
        self._done = 0.0

    def tell(self, event: m.Transcribing) -> None:
        self._words += event.words
        self._done = event.done
        what = f"{_minutes(event.done)} of {_minutes(event.of)}"
        self._progress.update(self._task, completed=event.done, total=event.of, what=what)

    def tell_rest(self) -> None:
        self._progress.stop()
        if self._words:
            print(captions.text(self._words), end="")
        say(f"Stopped after {_minutes(self._done)} of the sound.", error=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _report(transcript: m.Transcript) -> dict[str, Any]:
    """One caption per segment; words with the spaces that Whisper and others give them taken off."""
    words = [{**asdict(word), "text": word.text.strip()} for word in transcript.words]
    return {
        "text": transcript.text,
        "language": transcript.language,
        "recogniser": transcript.recogniser,
        "seconds": round(transcript.seconds, 3),
        "speech": round(transcript.speech, 3),
        "segments": [asdict(one) for one in captions.captions(transcript.words)],
        "words": words,
        "notes": list(transcript.notes),
    }
