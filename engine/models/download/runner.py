"""Works the queue off on a thread of its own. Whoever holds it may call it from any thread and is told there and here.

Knows no Qt: `changed` is called with the queue after every change, from the thread that caused it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import Cancelled, KnownError
from engine.models.download import queue_file, queueing
from engine.models.download.names import repository
from engine.models.download.progress import Progress, Pulled, Stage
from engine.models.download.queueing import Queue
from engine.models.download.retrying import Interrupted
from engine.models.download.stopping import Stop

log = logging.getLogger(__name__)
_LAST_WAIT = 5.0
"""Seconds that closing may take."""
Work = Callable[[str, Stop, Callable[[Progress], None]], Pulled]
"""Loads one repository or raises, as `pulling.pull`."""


class Runner:
    """work: one try at one repository. abandon: clears what was loaded of one that was dropped."""

    def __init__(
        self,
        work: Work,
        abandon: Callable[[str], None],
        changed: Callable[[Queue], None],
        progress: Callable[[str, Progress], None],
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._work, self._abandon, self._changed, self._progress = work, abandon, changed, progress
        self._path = path or queue_file.default_path()
        self._clock = clock
        self._queue = queueing.restarted(queue_file.load(self._path))
        self._dropped: list[str] = []
        self._running: tuple[str, Stop] | None = None
        self._closed = False
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def queue(self) -> Queue:
        return self._queue

    def start(self) -> None:
        """Goes on with what was left, and with what comes."""
        self._thread = threading.Thread(target=self._run, name="cadre-downloads", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops at once; what ran goes on at the next start. Only looking up an address cannot be broken off: its
        thread is left behind, and what is on the disk is right whenever it ends.
        """
        with self._news:
            self._closed = True
            self._stop_running()
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join(_LAST_WAIT)

    # --- wishes -------------------------------------------------------------------------------------------

    def add(self, name: str) -> None:
        """Raises KnownError: that is no name of a repository."""
        self._change(lambda queue: queueing.add(queue, repository(name)))

    def pause(self, name: str) -> None:
        self._change(lambda queue: queueing.pause(queue, name), stops=name)

    def resume(self, name: str) -> None:
        self._change(lambda queue: queueing.resume(queue, name))

    def drop(self, name: str) -> None:
        """Also what was loaded of it, unless it is done."""
        job = queueing.find(self._queue, name)
        if job is not None and not job.is_over:
            self._dropped.append(job.repository)
        self._change(lambda queue: queueing.drop(queue, name), stops=name)

    def _change(self, change: Callable[[Queue], Queue], stops: str = "") -> None:
        with self._news:
            before, self._queue = self._queue, change(self._queue)
            if stops and self._running is not None and self._running[0].casefold() == stops.casefold():
                self._stop_running()
            self._news.notify_all()
            if self._queue == before:
                return
            self._save()
            queue = self._queue
        self._changed(queue)

    def _stop_running(self) -> None:
        if self._running is not None:
            self._running[1].set()

    def _save(self) -> None:
        try:
            queue_file.save(self._path, self._queue)
        except OSError:
            log.info("the queue of downloads could not be written", exc_info=True)

    # --- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (name := self._next()) is not None:
            try:
                self._try(name)
            finally:
                with self._news:
                    self._running = None

    def _next(self) -> str | None:
        """Waits for something to run; None at the end."""
        while True:
            self._clear_dropped()
            with self._news:
                if self._closed:
                    return None
                job = queueing.next_job(self._queue, self._clock())
                if job is not None:
                    self._running = (job.repository, Stop())
                    break
                if not self._dropped:
                    self._news.wait(self._pause())
        self._change(lambda queue: queueing.begin(queue, job.repository))
        return job.repository

    def _pause(self) -> float | None:
        due = queueing.next_time(self._queue)
        return None if due is None else max(0.05, due - self._clock())

    def _clear_dropped(self) -> None:
        while self._dropped:
            name = self._dropped.pop()
            if queueing.find(self._queue, name) is None:
                try:
                    self._abandon(name)
                except KnownError as error:
                    log.info("what was loaded of %s stays: %s", name, error)

    def _try(self, name: str) -> None:
        assert self._running is not None
        stop, loaded = self._running[1], 0

        def tell(progress: Progress) -> None:
            nonlocal loaded
            loaded = progress.loaded
            if progress.stage is not Stage.LISTING:
                self._queue_arrived(name, progress)
            self._progress(name, progress)

        self._change(self._ended(name, lambda: self._work(name, stop, tell), lambda: loaded > 0))

    def _ended(self, name: str, work: Callable[[], object], progressed: Callable[[], bool]) -> Callable[[Queue], Queue]:
        """Does the work; what became of it, as a change of the queue."""
        try:
            work()
        except Cancelled:
            return lambda queue: queueing.stopped(queue, name)
        except Interrupted as error:
            reason, asked, came, now = error.reason, error.after, progressed(), self._clock()
            return lambda queue: queueing.interrupt(queue, name, reason, now, asked, progressed=came)
        except KnownError as error:
            sentence, next_step = error.sentence, error.next_step
            return lambda queue: queueing.fail(queue, name, sentence, next_step)
        except Exception:
            log.exception("a download failed")
            sentence, next_step = "Something went wrong inside Cadre; this is a bug.", "The log has the details."
            return lambda queue: queueing.fail(queue, name, sentence, next_step)
        return lambda queue: queueing.finish(queue, name)

    def _queue_arrived(self, name: str, progress: Progress) -> None:
        """Not written for every piece: what has arrived is seen on the disk."""
        with self._news:
            self._queue = queueing.arrived(self._queue, name, progress.done, progress.total)
