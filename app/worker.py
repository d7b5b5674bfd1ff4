"""A child process for work that may take too long or too much: it is killed then, and a new one serves the next call.

Knows no Qt and nothing of the work. One call at a time, from any thread but the interface's, which must not wait.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import psutil

from engine.errors import KnownError

_LOOK_SECONDS = 0.05
_PATIENCE = 10
"""So many times longer than its own work may a call last: on a busy machine it gets a part of a processor."""


class TooMuch(Exception):
    """It took longer or more memory than was allowed, or its process died. The message says which."""


class Worker:
    """do: a function of a module, called in the child with what `call` is given; both ways must pickle.

    seconds: of the child's own work for one call, its start not counted. most: bytes that the child may hold.
    """

    def __init__(self, do: Callable[[Any], Any], seconds: float, most: int) -> None:
        self._do = do
        self._seconds = seconds
        self._most = most
        self._child: _Child | None = None
        self._lock = threading.Lock()
        self._closed = False

    def call(self, given: Any) -> Any:
        """What `do` returns.

        Raises:
            KnownError: as `do` raised it.
            TooMuch: it was ended; the next call has a new child.
        """
        with self._lock:
            if self._closed:
                raise TooMuch("the app is closing")
            self._child = self._child or self._started()
            try:
                answer = self._child.ask(given, self._seconds, self._most)
            except TooMuch:
                self._child.end()
                self._child = None
                raise
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _started(self) -> _Child:
        try:
            return _Child(self._do)
        except OSError as error:
            raise TooMuch("its process could not be started") from error

    def close(self) -> None:
        """At once: a call under way ends with TooMuch."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()


class _Child:
    def __init__(self, do: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, do), name="cadre-worker", daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, given: Any, seconds: float, most: int) -> Any:
        try:
            while not self._pipe.poll(_LOOK_SECONDS):  # it says when it stands
                self._check(most)
            self._pipe.recv()
            self._pipe.send(given)
            ends, worked = time.monotonic() + _PATIENCE * seconds, self._worked()
            while not self._pipe.poll(_LOOK_SECONDS):
                self._check(most)
                if self._worked() - worked > seconds or time.monotonic() > ends:
                    raise TooMuch("it took too long")
            return self._pipe.recv()
        except (OSError, EOFError) as error:
            raise TooMuch("its process died") from error

    def _check(self, most: int) -> None:
        if not self._process.is_alive():
            raise TooMuch("its process died")
        with suppress(psutil.Error):
            if psutil.Process(self._process.pid).memory_info().rss > most:
                raise TooMuch("it took too much memory")

    def _worked(self) -> float:
        """Seconds of a processor that it took since it began."""
        with suppress(psutil.Error):
            times = psutil.Process(self._process.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0

    def kill(self) -> None:
        """From any thread; who waits for it notices."""
        self._process.kill()
        self._process.join()

    def end(self) -> None:
        self.kill()
        self._pipe.close()


def _serve(pipe: Connection, do: Callable[[Any], Any]) -> None:
    """The child: ready, a question, its answer, ready again, until the line is cut."""
    with suppress(OSError, EOFError, KeyboardInterrupt):
        while True:
            pipe.send(None)
            given = pipe.recv()
            try:
                answer = do(given)
            except KnownError as error:
                answer = error
            except Exception as error:  # noqa: BLE001 -- whatever a hostile file brings about is told, not shown
                answer = TooMuch(type(error).__name__)  # its words may be the person's
            pipe.send(answer)
