"""Where pictures are taken: the real app offscreen, with a home of its own, a fixed size, font and clock, no motion.

The engine is the real one in its own process and answers with the built-in model. What it measured (seconds, tokens
per second, memory) is of the day; everything else is the same each time.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import settings
from app.desktop.parts import Parts, here
from app.lab.pictures import samples, small_png
from app.settings import Settings
from app.store.rows import State
from app.store.store import Store
from app.window import theme
from app.window.models import Models
from app.window.start import Desktop, engine_maker
from engine.errors import KnownError

SIZE = (1120, 700)
SCALE = "2"
"""Pixels for each point, as on Retina."""
_POINTS = 10.0
_FONTS = ("Inter", "Noto Sans", "DejaVu Sans")
"""The first that is there; macOS keeps its own."""
_PATIENCE = 180.0
_DAY = 86_400


class Clock:
    """Noon of today, and days before it on request: the list says Today and Yesterday and never a date."""

    def __init__(self) -> None:
        self._noon = datetime.now().astimezone().replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
        self.days_ago = 0
        self._asked = 0

    def __call__(self) -> float:
        """Each answer a second after the one before."""
        self._asked += 1
        return self._noon - self.days_ago * _DAY + self._asked


def prepare(home: Path) -> QApplication:
    """Before anything of Qt is made."""
    os.environ |= {
        "CADRE_HOME": str(home),
        "CADRE_REDUCED_MOTION": "1",
        "HF_HOME": str(home / "nothing"),
        "QT_QPA_PLATFORM": f"offscreen:configfile={_screen(home)}",
        "QT_SCALE_FACTOR": SCALE,
    }
    application = QApplication(["cadre"])
    application.setApplicationName("Cadre")
    application.setCursorFlashTime(0)
    there = QFontDatabase.families()
    family = next((family for family in _FONTS if family in there), application.font().family())
    font = QFont(family)
    font.setPointSizeF(_POINTS)
    application.setFont(font)
    return application


def _screen(home: Path) -> Path:
    """As large as a Mac's: the quick prompt takes its width from it."""
    screen = {"name": "pictured", "x": 0, "y": 0, "width": 3024, "height": 1964, "logicalDpi": 96, "dpr": 1}
    path = home / "screen.json"
    path.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Look:
    """text_size: per cent of the usual. mirrored: right to left."""

    dark: bool
    text_size: int = 100
    mirrored: bool = False


@contextmanager
def app(look: Look, *, chats: bool, model: str = "") -> Iterator[Desktop]:
    """The app with or without a history; model: as if chosen by hand."""
    settings.save(Settings(text_size=look.text_size, appearance="dark" if look.dark else "light"))
    theme.dress(dark=look.dark)
    direction = Qt.LayoutDirection.RightToLeft if look.mirrored else Qt.LayoutDirection.LeftToRight
    QApplication.setLayoutDirection(direction)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="cadre-pictures-") as folder:
        store = Store(Path(folder) / "chats.sqlite", clock)
        if chats:
            _fill(store, clock)
        desktop = Desktop(store, engine_maker(), Models(model), _parts(), samples.Microphones())
        try:
            desktop.window.menuBar().hide()  # a Mac has it at the top of the screen
            desktop.window.resize(*SIZE)
            desktop.window.show()
            until(lambda: desktop.models.ready)
            yield desktop
        finally:
            desktop.close()
            settle()


def _parts() -> Parts:
    """This machine's, with keys over other programs as a Mac gives them; nobody presses any."""
    return replace(here(), hotkey=samples.Keys())


def _fill(store: Store, clock: Clock) -> None:
    folders: dict[str, int] = {}
    for title, days, pinned, folder in samples.CHATS[::-1]:
        clock.days_ago = days
        if folder and folder not in folders:
            folders[folder] = store.chats.add_folder(folder).id
        chat = store.chats.add(title, folder=folders.get(folder)).id
        said = store.tree.say(chat, None, samples.ASKED.get(title, title))
        if title in samples.ANSWERED:
            store.tree.finish(store.tree.begin_answer(chat, said.id).id, samples.ANSWERED[title], State.DONE)
        store.chats.pin(chat, pinned=pinned)
    clock.days_ago = 0


def until(there: Callable[[], object]) -> None:
    """Turns of the event loop until it is so.

    Raises:
        KnownError: it is not so after three minutes.
    """
    end = time.monotonic() + _PATIENCE
    while not there():
        if time.monotonic() > end:
            raise KnownError("The app took over three minutes for a picture.", "Try again on an idle machine.")
        QTest.qWait(10)
    settle()


def settle() -> None:
    """Layouts and paintings that wait are done."""
    for _ in range(10):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def take(shown: QImage | QWidget, path: Path) -> int:
    """A picture of the widget as it is now, or one that was taken; its bytes."""
    return small_png.save(shown.grab().toImage() if isinstance(shown, QWidget) else shown, path)
