"""The parts where Qt is all there is: no keys over other programs, no pasting into them; what is missing says so."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QClipboard, QGuiApplication

from app.desktop.chord import Chord
from app.desktop.login import Autostart
from app.desktop.microphone import QtMicrophone
from app.desktop.parts import Parts
from app.desktop.pasteboard import QtPasteboard
from engine.errors import KnownError


def tr(text: str) -> str:
    return QCoreApplication.translate("Desktop", text)


class NoHotkey:
    @property
    def why_not(self) -> str:
        return tr(
            "Programs may not listen to keys here. In your desktop's keyboard settings, give a key to: cadre quick"
        )

    def listen(self, chord: Chord, pressed: Callable[[], None], released: Callable[[], None]) -> Callable[[], None]:
        raise KnownError("This desktop gives no keys to programs.", "Give one to `cadre quick` in its settings.")


class NoFront:
    """The window manager gives the focus back by itself when a window goes."""

    def remember(self) -> None:
        return

    def give_back(self) -> None:
        return

    def is_back(self) -> bool:
        return False


class PrimarySelection:
    """What X11 calls so: the last text that was marked anywhere."""

    @property
    def why_not(self) -> str:
        clipboard = QGuiApplication.clipboard()
        return "" if clipboard.supportsSelection() else tr("This desktop does not tell what is selected.")

    def text(self) -> str:
        return "" if self.why_not else QGuiApplication.clipboard().text(QClipboard.Mode.Selection)


class NoKeys:
    @property
    def why_not(self) -> str:
        return tr("Cadre cannot type into other programs here.")

    def held(self) -> bool:
        return False

    def is_secure(self) -> bool:
        return False

    def paste(self) -> None:
        return

    def undo(self) -> None:
        return


class Nothing:
    """Levels, the Dock and naps are the Mac's."""

    def raise_over_all(self, window: int) -> None:
        return

    def show(self, *, shown: bool) -> None:
        return

    def hold(self, why: str) -> Callable[[], None]:
        return lambda: None


def parts() -> Parts:
    nothing = Nothing()
    return Parts(
        hotkey=NoHotkey(),
        front=NoFront(),
        selection=PrimarySelection(),
        keys=NoKeys(),
        pasteboard=QtPasteboard(),
        microphone=QtMicrophone(),
        panels=nothing,
        dock=nothing,
        awake=nothing,
        login=Autostart(),
        show_folder_words=tr("Show in Folder"),
    )
