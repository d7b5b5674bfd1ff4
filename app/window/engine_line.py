"""The window's line to the engine. The interface thread neither calls nor waits for it.

One thread sends (it also starts the engine, at the first command), one receives. Events arrive on the interface
thread in batches, at most FRAMES a second, so that a fast answer costs no more than a slow one. What has piled up is
handed over in as many turns as it takes, so that clicks and keys come in between.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from engine import messages as m
from engine.errors import KnownError
from engine.link import Engine

FRAMES = 30
TURN_SECONDS = 0.01
"""Of the interface thread, for events in one turn; one more batch may begin just before."""
BATCH = 8
"""Events: folding a token into a map of 40 x 256 takes up to a millisecond, and two batches may come in one turn."""
_POLL = 0.2
log = logging.getLogger(__name__)


class EngineLine(QObject):
    """make: starts an engine, called on the sending thread. clock: seconds, asked on the receiving one. worked: seconds
    of the interface thread.
    """

    arrived = Signal(list)
    """A batch of (when, event), in the order of their arrival."""
    _some = Signal()

    def __init__(
        self,
        make: Callable[[], Engine],
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        super().__init__(parent)
        self._make = make
        self._clock, self._worked = clock, worked
        self._commands: queue.SimpleQueue[m.Command | None] = queue.SimpleQueue()
        self._waiting: deque[tuple[float, m.Event]] = deque()
        self._told = threading.Event()
        self._closing = threading.Event()
        self._since = QElapsedTimer()
        self._frame = QTimer(self, singleShot=True)
        self._frame.timeout.connect(self._hand_over)
        self._some.connect(self._schedule, Qt.ConnectionType.QueuedConnection)
        self._sender = threading.Thread(target=self._send_all, name="cadre-commands", daemon=True)
        self._sender.start()

    def send(self, command: m.Command) -> None:
        self._commands.put(command)

    def close(self) -> None:
        """Stops the engine and waits for it; nothing arrives afterwards."""
        self._closing.set()
        self._commands.put(None)
        self._sender.join()
        self._frame.stop()
        self._waiting.clear()

    # --- on the interface thread --------------------------------------------------------------------------

    def _schedule(self) -> None:
        if self._frame.isActive() or self._closing.is_set():
            return
        passed = self._since.elapsed() if self._since.isValid() else 1000
        self._frame.start(max(0, 1000 // FRAMES - passed))

    def _hand_over(self) -> None:
        self._since.restart()
        self._told.clear()
        ends = self._worked() + TURN_SECONDS
        while self._waiting:
            self.arrived.emit([self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))])
            if self._waiting and self._worked() >= ends:
                self._frame.start(0)
                return

    # --- on threads of their own --------------------------------------------------------------------------

    def _send_all(self) -> None:
        engine: Engine | None = None
        receiver: threading.Thread | None = None
        while (command := self._commands.get()) is not None:
            if engine is None:
                engine = self._started(command)
                if engine is None:
                    continue
                receiver = threading.Thread(target=self._receive, args=(engine,), name="cadre-events", daemon=True)
                receiver.start()
            engine.send(command)
        if engine is not None and receiver is not None:
            engine.close()
            receiver.join()

    def _started(self, command: m.Command) -> Engine | None:
        """None when it does not start: then whoever asked is told, and the next command tries again."""
        try:
            return self._make()
        except Exception as error:
            known = isinstance(error, KnownError)
            if not known:
                log.exception("the engine did not start")
            if isinstance(command, m.Ask | m.Dictate | m.CleanUp | m.Speak):
                sentence = error.sentence if isinstance(error, KnownError) else "The engine could not start."
                step = error.next_step if isinstance(error, KnownError) else "`cadre doctor` tells what is missing."
                self._put(m.Failed(command.request, True, sentence, step))
            return None

    def _receive(self, engine: Engine) -> None:
        while not self._closing.is_set():
            event = engine.get(_POLL)
            if event is not None:
                self._put(event)

    def _put(self, event: m.Event) -> None:
        self._waiting.append((self._clock(), event))
        if not self._told.is_set():
            self._told.set()
            self._some.emit()
