"""An engine whose commands arrive at chosen moments: at the nth look at the commands, or right after an event.

So a test can interrupt an answer at every single place where the host looks, the same one each time.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from engine import messages as m
from engine.budget.pressure import Sensors
from engine.host import Host
from tests.host.asking import PATIENCE

Script = Callable[[int], m.Command | None]
"""Given how many times the host has looked for commands since the script was set; what it finds there."""


class ScriptedEngine:
    """Like ThreadEngine; `script` answers the host's looks while it works, `react` sees each event before the test."""

    def __init__(self, sensors: Sensors | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._commands: queue.SimpleQueue[m.Command] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
        self._looks = 0
        self._script: Script | None = None
        self._left: list[m.Command] = []
        self.react: Callable[[m.Event], object] | None = None
        self.host = Host(self._receive, self._emit, sensors, clock)
        self._thread = threading.Thread(target=self.host.run, name="scripted-engine", daemon=True)
        self._thread.start()

    def send(self, command: m.Command) -> None:
        self._commands.put(command)

    def get(self, timeout: float | None = None) -> m.Event | None:
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        self.calm()
        self._commands.put(m.Shutdown())
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def at_look(self, number: int, *commands: m.Command) -> None:
        """The commands are there when the host looks for the nth time from now on (0: the first)."""
        left = list(commands)
        self._looks = 0
        self._script = lambda look: left.pop(0) if look >= number and left else None
        self._left = left

    def after(self, happened: Callable[[m.Event], bool], *commands: m.Command) -> None:
        """The commands are there right after the first such event."""
        left = list(commands)

        def react(event: m.Event) -> None:
            if left and happened(event):
                while left:
                    self.send(left.pop(0))

        self.react = react

    def calm(self) -> None:
        self._script = self.react = None
        self._left, self._looks = [], 0

    @property
    def looks(self) -> int:
        """How often the host has looked while it worked, since `at_look`."""
        return self._looks

    def _receive(self, timeout: float | None) -> m.Command | None:
        if timeout != 0:
            if self._looks and self._left:  # an answer that looked less often this time
                return self._left.pop(0)
            try:
                return self._commands.get(timeout=timeout)
            except queue.Empty:
                return None
        if self._script is not None and self.host._running:
            command = self._script(self._looks)
            if command is not None:
                return command
            self._looks += 1
        try:
            return self._commands.get_nowait()
        except queue.Empty:
            return None

    def _emit(self, event: m.Event) -> None:
        self._events.put(event)
        if self.react is not None:
            self.react(event)
