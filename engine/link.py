"""The app's end of the engine: send commands, get events. The engine runs on a thread or in a spawned child.

Imports no MLX: the engine's side does, once it runs. Both kinds behave alike; a child that dies (a Metal
out-of-memory aborts a process) fails what was under way with a sentence, and the next command starts a new one.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Protocol, TypeVar

from engine import messages as m

T = TypeVar("T")

log = logging.getLogger(__name__)

_STOP_SECONDS = 10.0
_NO_ENGINE = "The engine could not start or stopped unexpectedly."
_SEE_DOCTOR = "Start Cadre again; `cadre doctor` tells what is missing."

_ENDS = m.Finished | m.Transcribed | m.CleanedUp | m.MediaCounted | m.Spoke | m.Failed
"""Of a request; a measurement ends with its report."""


class Engine(Protocol):
    def send(self, command: m.Command) -> None:
        """Never waits for the engine."""

    def get(self, timeout: float | None = None) -> m.Event | None:
        """The next event; None when none came in time."""

    def close(self) -> None:
        """Cancel what runs and stop. Afterwards neither thread nor process is left."""


class ThreadEngine:
    """In this process, on a thread of its own."""

    def __init__(self) -> None:
        self._commands: queue.SimpleQueue[m.Command] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="cadre-engine", daemon=True)
        self._thread.start()

    def send(self, command: m.Command) -> None:
        self._commands.put(command)
        if not self._thread.is_alive() and isinstance(command, m.Request):
            self._events.put(m.Failed(command.request, True, _NO_ENGINE, _SEE_DOCTOR))

    def get(self, timeout: float | None = None) -> m.Event | None:
        return _next(self._events, timeout)

    def close(self) -> None:
        self._commands.put(m.Shutdown())
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        from engine.host import Host

        try:
            Host(lambda timeout: _next(self._commands, timeout), self._events.put).run()
        except Exception:
            log.exception("the engine ended")
            self._events.put(m.EngineStopped(_NO_ENGINE))


class ProcessEngine:
    """In a spawned child. Its death is noticed, told, and mended at the next command."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def send(self, command: m.Command) -> None:
        with self._lock:
            if self._child is None or not self._child.send(command):
                self._child = _Child(self._events)
                self._child.send(command)

    def get(self, timeout: float | None = None) -> m.Event | None:
        return _next(self._events, timeout)

    def close(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.stop()


class _Child:
    """One process and what was asked of it; a successor starts with nothing under way."""

    def __init__(self, events: queue.SimpleQueue[m.Event]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), name="cadre-engine", daemon=True)
        self._process.start()
        theirs.close()
        self._events = events
        self._under_way: dict[str, None] = {}
        self._asked_to_stop = self._gone = False
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="cadre-engine-events", daemon=True)
        self._reader.start()

    def send(self, command: m.Command) -> bool:
        """False when its death was told already: the command needs another child."""
        with self._lock:
            if self._gone:
                return False
            if isinstance(command, m.Request):
                self._under_way[command.request] = None
            with suppress(OSError):  # it died just now: the reader is about to tell
                self._pipe.send(command)
            return True

    def stop(self) -> None:
        self._asked_to_stop = True
        self.send(m.Shutdown())
        self._reader.join(_STOP_SECONDS)
        if self._reader.is_alive():
            self._process.kill()
            self._reader.join()

    def _read(self) -> None:
        """Hands events on until the child ends. Nobody else joins it: of two who wait, one finds no exit code."""
        for event in _received(self._pipe):
            if isinstance(event, _ENDS) or _is_report(event):
                self._under_way.pop(event.request, None)
            self._events.put(event)
        self._process.join()
        with self._lock:
            self._gone = True
            self._pipe.close()
        if not self._asked_to_stop:
            self._tell_death()

    def _tell_death(self) -> None:
        sentence, next_step = _of_death(self._process.exitcode or 0)
        for request in self._under_way:
            self._events.put(m.Failed(request, True, sentence, next_step))
        self._events.put(m.EngineStopped(sentence))


def _of_death(code: int) -> tuple[str, str]:
    """Sentence and next step for a child's exit code; below 0 it is the signal that ended it."""
    if code == -signal.SIGKILL:
        sentence = "The engine stopped unexpectedly: the system ended it, mostly for lack of memory."
        return sentence, "Close other apps, then ask again: the engine starts anew."
    how = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
    return f"The engine stopped unexpectedly ({how}).", "Ask again: the engine starts anew."


def _is_report(event: m.Event) -> bool:
    return isinstance(event, m.Measured) and event.report is not None


def _serve(pipe: Connection) -> None:
    """The child's main: commands come through the pipe on a thread, the engine has the main thread."""
    from engine import logs
    from engine.host import Host

    logs.start(logs.ENGINE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the terminal's whole group; the parent decides
    commands: queue.SimpleQueue[m.Command] = queue.SimpleQueue()

    def listen() -> None:
        for command in _received(pipe):
            commands.put(command)
        commands.put(m.Shutdown())  # the parent is gone

    threading.Thread(target=listen, name="cadre-commands", daemon=True).start()

    def emit(event: m.Event) -> None:
        try:
            pipe.send(event)
        except OSError:
            commands.put(m.Shutdown())

    Host(lambda timeout: _next(commands, timeout), emit).run()


def _received(pipe: Connection) -> Iterator[Any]:
    while True:
        try:
            yield pipe.recv()
        except (EOFError, OSError):
            return


def _next(source: queue.SimpleQueue[T], timeout: float | None) -> T | None:
    try:
        return source.get(timeout != 0, timeout)
    except queue.Empty:
        return None
