"""The line to the engine as dictation sees it, so that tests can have another."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import SignalInstance

from engine import messages as m


class Line(Protocol):
    """As app.window.engine_line has it."""

    @property
    def arrived(self) -> SignalInstance: ...

    def send(self, command: m.Command) -> None: ...
