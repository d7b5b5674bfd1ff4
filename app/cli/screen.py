"""Whether there is a screen to open a window on, and the window when Qt can be loaded. Nothing of Qt before that."""

from __future__ import annotations

import os
import sys

from app.cli.say import say

_VARIABLE = "CADRE_SCREEN"
"""Set to 0: behave as without a screen."""


def is_there() -> bool:
    if os.environ.get(_VARIABLE) == "0":
        return False
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("WAYLAND_DISPLAY") or os.environ.get("DISPLAY"))


def run_window(model: str, *, background: bool = False, quick: bool = False) -> int | None:
    """The desktop app until it is closed; None when it cannot be shown here.

    background: without its window, where there is a menu bar to be in. quick: with the quick prompt.

    Raises:
        KnownError: the chats cannot be opened.
    """
    try:
        from app.window import start
    except ImportError as error:
        say(f"The window cannot be shown here ({error}).", error=True)
        return None
    return start.run(model, background=background, quick=quick)
