"""`cadre pull`: loads a model from the Hugging Face Hub and shows how it goes. What is loaded how is the engine's."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from app import settings
from app.cli.say import say
from app.numbers import listed, size, time_left
from engine.errors import Cancelled, KnownError

if TYPE_CHECKING:
    from engine.models.catalogue import InstalledModel
    from engine.models.download import progress as told
    from engine.models.download.retrying import Interrupted


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "pull",
        help="download a model, or go on with it",
        description="Loads a model from the Hugging Face Hub into its cache, where other programs find it too. "
        "Broken off at any moment, the same command goes on where it was.",
    )
    parser.add_argument("repository", metavar="REPO", nargs="?", help="like mlx-community/Qwen3-30B-A3B-4bit")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--token", action="store_true", help="ask for a token of the Hub and keep it in the keychain")
    parser.add_argument("--forget-token", action="store_true", help="delete the token from the keychain")
    parser.add_argument("--network", choices=("on", "off"), help="whether Cadre may use the network at all; is kept")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, Cancelled."""
    did = _change_settings(args)
    if args.repository:
        _pull(args.repository, as_json=args.json)
    elif not did:
        from engine.models.recommended import recommended

        names = [model.repository for model in recommended()]
        raise KnownError("Which model?", f"For example `cadre pull {names[0]}`; there are also {listed(names[1:])}.")
    return 0


def _change_settings(args: argparse.Namespace) -> bool:
    from engine.models.download import token

    if args.network:
        settings.save(settings.Settings(network=args.network == "on"))
        say("Cadre may use the network." if args.network == "on" else "Cadre never uses the network now.", error=True)
    if args.forget_token:
        token.Keychain().delete()
        say("The token is gone from the keychain.", error=True)
    if args.token:
        terminal = sys.stdin.isatty()
        token.keep(getpass.getpass("Token (is not shown): ") if terminal else sys.stdin.readline(), token.Keychain())
        say("The token is in the keychain.", error=True)
    return bool(args.network or args.forget_token or args.token)


def _pull(name: str, *, as_json: bool) -> None:
    from engine.models.catalogue import find
    from engine.models.download import pulling, token
    from engine.models.download.hub import Hub
    from engine.models.download.patiently import patiently
    from engine.models.download.stopping import Stop

    began = time.monotonic()
    stop, page = Stop(), _Page(name)
    with Hub(token=lambda: token.token(token.Keychain()), allowed=settings.network_allowed) as hub:
        try:
            with page:
                pulled = patiently(lambda tell: pulling.pull(name, hub, stop, tell), stop, page.show, page.show_pause)
        except (KeyboardInterrupt, Cancelled):
            say(page.kept(), error=True)
            raise
    found = find(pulled.name)
    problem = found.problem
    if as_json:
        print(json.dumps(_as_json(pulled, page.loaded, time.monotonic() - began) | {"problem": problem}, indent=2))
    if problem:
        raise KnownError(
            f"{pulled.name} is here, but it cannot be used: {problem}",
            f"Choose another one; `cadre models --delete {pulled.name}` frees {size(pulled.bytes)}.",
        )
    if not as_json:
        how = f"{size(page.loaded)} loaded" if page.loaded else "nothing had to be loaded"
        say(f"{pulled.name} is here ({size(pulled.bytes)}, {how}). {_now(found)}")


def _now(model: InstalledModel) -> str:
    """What it is good for."""
    if model.voice:
        return f"It reads with `cadre say TEXT --voice {model.name}`."
    if model.speech:
        return f"It writes down with `cadre transcribe FILE --model {model.name}`."
    return f"Ask it with `cadre ask --model {model.name}`."


def _as_json(pulled: told.Pulled, loaded: int, seconds: float) -> dict[str, object]:
    return {
        "name": pulled.name,
        "path": str(pulled.path),
        "commit": pulled.commit,
        "files": pulled.files,
        "bytes": pulled.bytes,
        "bytes_loaded": loaded,
        "seconds": round(seconds, 3),
    }


class _Page:
    """The bar on a terminal; in a pipe only sentences, and those to standard error."""

    def __init__(self, name: str) -> None:
        from engine.models.download.pace import Pace

        self._name = name
        self._pace = Pace()
        self._done = self._total = self._before = self._of_try = 0
        console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        if console.is_terminal:
            self._bar = Progress(BarColumn(32), TextColumn("{task.description}"), console=console, transient=True)
        self._task: TaskID | None = None

    @property
    def loaded(self) -> int:
        """By the network, in all tries together."""
        return self._before + self._of_try

    def __enter__(self) -> None:
        if self._bar is not None:
            self._bar.start()

    def __exit__(self, *_how: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, progress: told.Progress) -> None:
        if progress.loaded < self._of_try:
            self._before += self._of_try
        self._of_try = progress.loaded
        if not progress.total:
            self._say("Asking the Hub what it holds")
            return
        self._done, self._total = progress.done, progress.total
        self._pace.add(time.monotonic(), self.loaded)
        words = f"{size(self._done)} of {size(self._total)}"
        speed, left = self._pace.bytes_per_second, self._pace.seconds_left(self._total - self._done)
        if speed:
            words += f" · {size(int(speed))}/s"
        if left is not None and self._done < self._total:
            words += f" · {time_left(left)}"
        self._say(words)

    def show_pause(self, error: Interrupted, seconds: float) -> None:
        words = f"{error.reason} Trying again in {round(seconds)} s."
        if self._bar is None:
            say(words, error=True)
        else:
            self._say(words)

    def kept(self) -> str:
        if not self._total:
            return f"Stopped. `cadre pull {self._name}` begins again."
        return f"Stopped. {size(self._done)} of {size(self._total)} are kept; `cadre pull {self._name}` goes on there."

    def _say(self, words: str) -> None:
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task(words, total=None)
        self._bar.update(self._task, description=words, total=self._total or None, completed=self._done)
