"""An answer on a terminal: the text flows into the scrollback, below it the live panel, at the end one line.

Main thread. The panel is drawn at most FRAMES a second and never takes more than a small share of the time,
because the engine may be a thread of this process.
"""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from app import view
from app.cli import panel
from app.cli.expert_map import DARK, LIGHT, Palette
from app.cli.panel import Look, Panel
from app.record import in_words
from app.view import View
from engine import messages as m

FRAMES = 15
SHARE = 0.08
"""Most of the time that drawing may take."""
_CONTROL = {code: "\N{REPLACEMENT CHARACTER}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


class Wrapped:
    """Streamed text as lines of a width. Lines that can no longer change are given out once; `rest` may still grow."""

    def __init__(self) -> None:
        self.rest = ""

    def add(self, text: str, width: int) -> list[str]:
        *whole, self.rest = (self.rest + text.translate(_CONTROL).expandtabs(4)).split("\n")
        done = [line for paragraph in whole for line in _lines(paragraph, width)]
        *full, self.rest = _lines(self.rest, width)
        return done + full


def _lines(paragraph: str, width: int) -> list[str]:
    """Broken at spaces where there are any; at least one line."""
    lines = []
    while cell_len(paragraph) > width:
        at = _break(paragraph, width)
        lines.append(paragraph[:at].rstrip(" "))
        paragraph = paragraph[at:].lstrip(" ")
    return [*lines, paragraph]


def _break(text: str, width: int) -> int:
    cells = 0
    space = 0
    for at, character in enumerate(text):
        if character == " ":
            space = at
        cells += cell_len(character)
        if cells > width:
            return space or max(at, 1)
    return len(text)


class Screen:
    """Use as a context; `show` takes the events of one request. Afterwards the text is in the scrollback."""

    def __init__(self, console: Console, previous: View | None = None) -> None:
        self._console = console
        self._view = view.begin(previous, time.monotonic())
        self._palette = None if console.no_color or console.color_system is None else palette_of_terminal()
        self._text = Wrapped()
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._next_frame = 0.0

    @property
    def view(self) -> View:
        return self._view

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The panel goes; what was written stays."""
        lines = [[Segment(self._text.rest)]] if self._text.rest else []
        self._live.update(Panel(lines), refresh=True)
        self._live.stop()
        if self._view.record is not None:
            self._console.print(Text(in_words(self._view.record), style="dim"))

    def show(self, event: m.Event | None) -> None:
        self._view = view.reduce(self._view, event, time.monotonic())
        if isinstance(event, m.Token) and event.text:
            self._write(event.text)
        if self._view.now >= self._next_frame:
            self._draw()

    def _write(self, text: str) -> None:
        done = self._text.add(text, self._width())
        if done:
            self._console.print("\n".join(done), markup=False, highlight=False, emoji=False, soft_wrap=True)

    def _draw(self) -> None:
        begun = time.monotonic()
        height = panel.height_for(self._console.height, self._view.experts.count if self._view.experts else 0)
        lines = panel.panel(self._view, Look(self._palette, self._width(), height))
        self._live.update(Panel([[Segment(self._text.rest)], *lines]), refresh=True)
        ended = time.monotonic()
        self._next_frame = max(begun + 1 / FRAMES, ended + (ended - begun) / SHARE)

    def _width(self) -> int:
        return max(self._console.width - 1, 1)


def palette_of_terminal() -> Palette:
    """Light when the terminal says that its background is (COLORFGBG), else dark."""
    return LIGHT if os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15") else DARK
