"""Sentences for people: broken at words on a terminal, left alone in a pipe."""

from __future__ import annotations


def say(sentence: str, *, error: bool = False, style: str = "") -> None:
    """To standard output, or with `error` to standard error, where scripts do not look for the answer."""
    from rich.console import Console  # the window starts without
    from rich.text import Text

    console = Console(stderr=error, highlight=False)
    console.print(Text(sentence, style=style), soft_wrap=not console.is_terminal)
