"""A chat in the terminal: `cadre app` without a screen.

It keeps the conversation, so that a follow-up reads only what is new.

At the prompt Ctrl-C takes the line back, twice in a row it leaves (130); Ctrl-D leaves (0). During an answer Ctrl-C
stops the answer only. Without a person and without input it answers one sample: `cadre </dev/null` shows it all.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rich.console import Console

from app.cli import options
from app.cli.ask import ABOUT_BUILTIN, clean, plain, request, say_notes, wants_panel
from app.cli.live import Screen
from app.cli.say import say
from app.cli.session import CANCELLED, answer, running_engine
from app.record import in_words
from app.view import View
from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.link import Engine
from engine.models.catalogue import resolve
from engine.models.folders import BUILTIN

SAMPLE = "I would like to book a table for two at a restaurant in San Jose."
SAMPLE_TOKENS = 48
_PROMPT = "you> "
_GREETING = "Cadre answers with only the experts a prompt needs in memory. /help says what else can be typed."
_HELP = """\
/model NAME     another model: a folder, an installed name, or builtin
/mode MODE      auto, fast, balanced or exact
/experts C      experts in memory per layer: a count (38), a share (25%), or auto
/harder         the last question again, with more experts; at last with every one it asks for
/new            a new conversation
/quit           leave (so do Ctrl-D, and Ctrl-C twice); Ctrl-C stops an answer"""


def run(args: argparse.Namespace) -> int:
    """Raises KnownError, session.EngineBug, KeyboardInterrupt."""
    with running_engine() as engine:
        return Chat(engine, args, Console(highlight=False)).run()


class Leave(Exception):
    """The person is done."""


@dataclass
class Chat:
    """settings: the command line's, changed by slash commands. failed: whether the last answer could not be given.

    harder: how many times the last question was tried harder.
    """

    engine: Engine
    settings: argparse.Namespace
    console: Console
    turns: list[m.Turn] = field(default_factory=list)
    conversations: int = 1
    asked: int = 0
    failed: bool = False
    harder: int = 0
    _view: View | None = None

    def run(self) -> int:
        say(_GREETING)
        if self.settings.model == BUILTIN:
            say(ABOUT_BUILTIN)
        _line_editing()
        while True:
            try:
                self._take(self._read_line())
            except Leave:
                return int(self.failed and not sys.stdin.isatty())
            except EOFError:
                return self._end_of_input()
            except KeyboardInterrupt:
                return CANCELLED

    def _read_line(self) -> str:
        """Raises EOFError, and KeyboardInterrupt at the second Ctrl-C in a row."""
        try:
            return input(_PROMPT)
        except KeyboardInterrupt:
            print("\nCtrl-C again leaves.")
            return input(_PROMPT)

    def _end_of_input(self) -> int:
        if self.asked or sys.stdin.isatty():
            print()
        else:
            print(SAMPLE)
            self.settings.max_tokens = min(self.settings.max_tokens, SAMPLE_TOKENS)
            self._ask(SAMPLE)
        return int(self.failed and not sys.stdin.isatty())

    def _take(self, line: str) -> None:
        line = clean(line).strip()
        if not line:
            return
        if not sys.stdin.isatty():
            print(line)  # as it would stand there had it been typed
        word, _, rest = line.partition(" ")
        if not line.startswith("/"):
            self._ask(line)
        elif word in _ORDERS:
            self._obey(_ORDERS[word], rest.strip())
        else:
            print(f"There is no {word}; /help lists what there is.")

    def _obey(self, order: Callable[[Chat, str], None], rest: str) -> None:
        try:
            order(self, rest)
        except KnownError as error:
            say(str(error))
        except argparse.ArgumentTypeError as error:
            say(f"{error}.")

    # --- an answer ----------------------------------------------------------------------------------------

    def _ask(self, text: str) -> None:
        self.harder = 0
        self._ask_turns((*self.turns, m.Turn("user", text)))

    def _ask_turns(self, turns: tuple[m.Turn, ...]) -> None:
        self.asked += 1
        self.failed = False
        name, conversation = f"chat-{self.asked}", f"chat-{self.conversations}"
        try:
            record = self._answer(replace(request(self.settings, name, turns, conversation), harder=self.harder))
        except KnownError as error:
            self.failed = True
            say(str(error), error=True)
        except Cancelled:
            print("Stopped.")
        else:
            self.turns = [*turns, m.Turn("assistant", record.text)]

    def _answer(self, ask: m.Ask) -> m.Record:
        if wants_panel(self.console):
            with Screen(self.console, self._view) as screen:
                record = answer(self.engine, ask, screen.show)
            self._view = screen.view
        else:
            record = answer(self.engine, ask, plain())
            print(flush=True)
            say(in_words(record), style="dim")
        if ask.harder:
            say(str(record.budget["why"]), style="dim")
        if self.asked == 1:
            say_notes(record)
        return record

    # --- orders -------------------------------------------------------------------------------------------

    def _help(self, _rest: str) -> None:
        print(_HELP)

    def _quit(self, _rest: str) -> None:
        raise Leave

    def _again_harder(self, _rest: str) -> None:
        """The new answer takes the place of the last one, when there is one."""
        if len(self.turns) < 2:
            print("There is no answer yet to try harder at.")
            return
        self.harder += 1
        self._ask_turns(tuple(self.turns[:-1]))

    def _new(self, _rest: str) -> None:
        self.turns = []
        self.conversations += 1
        print("A new conversation.")

    def _model(self, rest: str) -> None:
        if rest:
            if rest != BUILTIN:
                resolve(rest)  # a wrong name is said now, not at the next prompt
            self.settings.model = rest
            self._view = None
            self._new("")
        print(f"The model is {self.settings.model}.")

    def _mode(self, rest: str) -> None:
        if rest and rest not in list(m.Mode):
            raise argparse.ArgumentTypeError(f"{rest!r} is no mode: auto, fast, balanced and exact are")
        self.settings.mode = rest or self.settings.mode
        print(f"The mode is {self.settings.mode}.")

    def _experts(self, rest: str) -> None:
        if rest:
            self.settings.experts = None if rest == "auto" else options.experts(rest)
        shown = "as many as the budget gives" if self.settings.experts is None else rest or self.settings.experts
        print(f"Experts in memory per layer: {shown}.")


_ORDERS: dict[str, Callable[[Chat, str], None]] = {
    "/help": Chat._help,
    "/quit": Chat._quit,
    "/exit": Chat._quit,
    "/new": Chat._new,
    "/model": Chat._model,
    "/mode": Chat._mode,
    "/experts": Chat._experts,
    "/harder": Chat._again_harder,
}


def _line_editing() -> None:
    """Arrow keys and history, where Python was built with them."""
    if sys.stdin.isatty():
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401
