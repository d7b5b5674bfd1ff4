"""The program in front, by NSWorkspace."""

from __future__ import annotations

import os
from typing import Any


class FrontApp:
    """Keeps app.desktop.parts.Front."""

    def __init__(self) -> None:
        self._app: Any = None

    @property
    def pid(self) -> int:
        """Of the remembered program; 0 for none."""
        return 0 if self._app is None else int(self._app.processIdentifier())

    def remember(self) -> None:
        front = _front()
        if front is not None and front.processIdentifier() != os.getpid():
            self._app = front

    def give_back(self) -> None:
        from AppKit import NSApplicationActivateIgnoringOtherApps

        if self._app is not None and not self._app.isTerminated():
            self._app.activateWithOptions_(NSApplicationActivateIgnoringOtherApps)

    def is_back(self) -> bool:
        front = _front()
        return bool(self.pid) and front is not None and int(front.processIdentifier()) == self.pid


def _front() -> Any:
    from AppKit import NSWorkspace

    return NSWorkspace.sharedWorkspace().frontmostApplication()
