"""Files dragged over the window: what would take them shows it, and a drop brings them there. Wherever they are let go
they go along with the message that is being written; but chats that Cadre exported are imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from app.store.transfer import is_export
from app.window.attaching import files_of, takes
from app.window.chat_pane import ChatPane
from app.window.sidebar.sidebar import Sidebar

_HEAD = 64
"""Bytes of a file that tell whether it is an export."""


class Dropping(QObject):
    """bring_in: imports these files."""

    def __init__(
        self, window: QWidget, sidebar: Sidebar, pane: ChatPane, bring_in: Callable[[Sequence[Path]], None]
    ) -> None:
        super().__init__(window)
        self._window, self._sidebar, self._pane, self._bring_in = window, sidebar, pane, bring_in
        window.setAcceptDrops(True)
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        if isinstance(event, QDragEnterEvent | QDragMoveEvent):
            if takes(event.mimeData()):
                event.acceptProposedAction()
                self._show(files_of(event.mimeData()), event.position().toPoint())
            else:
                event.ignore()
        elif isinstance(event, QDragLeaveEvent):
            self._show_none()
        elif isinstance(event, QDropEvent):
            self._show_none()
            self._take(event)
        else:
            return False
        return True

    def _show(self, paths: Sequence[Path], place: QPoint) -> None:
        """A file is only opened once it is let go."""
        inside = self._sidebar.isVisible() and self._sidebar.rect().contains(self._sidebar.mapFrom(self._window, place))
        chats = inside and bool(paths) and all(path.suffix.lower() == ".json" for path in paths)
        self._sidebar.set_target(chats)
        self._pane.composer.set_target(not chats)

    def _show_none(self) -> None:
        self._sidebar.set_target(False)
        self._pane.composer.set_target(False)

    def _take(self, event: QDropEvent) -> None:
        data = event.mimeData()
        if not takes(data):
            return
        event.acceptProposedAction()
        paths = files_of(data)
        exports = [path for path in paths if _is_ours(path)]
        if exports:
            self._bring_in(exports)
        if rest := [path for path in paths if path not in exports]:
            self._pane.attaching.take(rest)
        elif not paths:
            self._pane.attaching.take_data(data)
        if rest or not paths:
            self._pane.set_focus()


def _is_ours(path: Path) -> bool:
    """What cannot be opened is refused by name where it is attached."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return is_export(file.read(_HEAD))
    except OSError:
        return False
