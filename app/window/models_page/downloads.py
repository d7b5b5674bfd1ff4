"""The queue of downloads as the window sees it. It lives as long as the app, also while its page is closed.

The runner's thread never waits for the interface: it leaves the newest numbers here, and the interface looks four
times a second while something runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app import settings
from engine.models.download import queue_file, queueing, token
from engine.models.download.pace import Pace
from engine.models.download.queueing import Job, Queue, State
from engine.models.download.runner import Runner, Work

if TYPE_CHECKING:
    from engine.models.download.progress import Progress, Pulled
    from engine.models.download.stopping import Stop

_LOOK_MS = 250


@dataclass(frozen=True)
class Going:
    """How the running download goes. speed: bytes per second, 0 while unknown; left: seconds, None while unknown."""

    repository: str
    progress: Progress
    speed: float
    left: float | None


class Downloads(QObject):
    """changed: the list or a state. progressed: the numbers of the running one. arrived: a model is here, by name."""

    changed = Signal()
    progressed = Signal()
    arrived = Signal(str)
    _poked = Signal()

    def __init__(self, work: Work | None = None, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = work or pull_from_hub
        self._path = path or queue_file.default_path()
        self._runner: Runner | None = None
        self._lock = threading.Lock()
        self._going: Going | None = None
        self._pace = Pace()
        self._known_done: set[str] = set()
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self.progressed)
        self._poked.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def go_on(self) -> None:
        """With what the last run left unfinished, if anything; nothing starts otherwise."""
        if self._path.exists() and queue_file.load(self._path):
            self._started()

    def close(self) -> None:
        self._look.stop()
        self._poked.disconnect(self._hear)
        if self._runner is not None:
            self._runner.close()

    @property
    def queue(self) -> Queue:
        return self._runner.queue if self._runner is not None else ()

    def job(self, repository: str) -> Job | None:
        return queueing.find(self.queue, repository)

    def going(self, repository: str) -> Going | None:
        with self._lock:
            going = self._going
        return going if going is not None and going.repository == repository else None

    def add(self, repository: str) -> None:
        """Raises KnownError."""
        self._started().add(repository)

    def pause(self, repository: str) -> None:
        self._started().pause(repository)

    def resume(self, repository: str) -> None:
        self._started().resume(repository)

    def drop(self, repository: str) -> None:
        self._started().drop(repository)

    # --- the runner ---------------------------------------------------------------------------------------

    def _started(self) -> Runner:
        if self._runner is None:
            self._runner = Runner(self._work, _abandon, lambda _queue: self._poked.emit(), self._remember, self._path)
            self._runner.start()
            self._poked.emit()
        return self._runner

    def _remember(self, repository: str, progress: Progress) -> None:
        """On the runner's thread."""
        with self._lock:
            if self._going is None or self._going.repository != repository:
                self._pace = Pace()
            self._pace.add(time.monotonic(), progress.loaded)
            left = self._pace.seconds_left(progress.total - progress.done)
            self._going = Going(repository, progress, self._pace.bytes_per_second, left)

    def _hear(self) -> None:
        runs = any(job.state is State.RUNNING for job in self.queue)
        waits = any(job.state is State.QUEUED and job.not_before for job in self.queue)
        if runs or waits:
            self._look.start()
        else:
            self._look.stop()
        self.changed.emit()
        done = {job.repository for job in self.queue if job.state is State.DONE}
        for repository in done - self._known_done:
            self.arrived.emit(repository)
        self._known_done = done


def pull_from_hub(repository: str, stop: Stop, tell: Callable[[Progress], None]) -> Pulled:
    """On the runner's thread; the network's library is loaded when it is first needed."""
    from engine.models.download.hub import Hub
    from engine.models.download.pulling import pull

    with Hub(token=hub_token, allowed=settings.network_allowed) as hub:
        return pull(repository, hub, stop, tell)


def hub_token() -> str | None:
    return token.token(token.Keychain())


def _abandon(repository: str) -> None:
    from engine.models.download.cached import CachedRepository

    CachedRepository(repository).abandon()
