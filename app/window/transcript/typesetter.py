"""Formulas as drawings: asked for by views, made on a thread and in a process of its own, kept while the app runs.

A view that gets PENDING shows the source and asks again when `ready` tells.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtSvg import QSvgRenderer

from app.formulas.typeset import EM, INK, refused, svg_of
from app.worker import TooMuch, Worker
from engine.errors import KnownError

SECONDS = 2.0
MEMORY = 500_000_000
_KEPT = 1000
_PATIENCE = 10
"""Formulas that may be ended for their time, until no more are drawn: someone means no good."""
log = logging.getLogger(__name__)


class Pending(Enum):
    PENDING = "pending"


@dataclass(frozen=True)
class Drawing:
    """In ems: width, and what stands over and under the baseline."""

    svg: str
    width: float
    ascent: float
    descent: float

    @classmethod
    def of(cls, svg: str) -> Drawing | None:
        box = QSvgRenderer(QByteArray(svg.encode())).viewBoxF()
        return cls(svg, box.width() / EM, -box.top() / EM, box.bottom() / EM) if box.isValid() else None

    def renderer(self, colour: QColor) -> QSvgRenderer:
        return _coloured(self.svg, colour.name())


@lru_cache(maxsize=300)
def _coloured(svg: str, colour: str) -> QSvgRenderer:
    return QSvgRenderer(QByteArray(svg.replace(INK, colour).encode()))


Wanted = tuple[str, bool]


class Typesetter(QObject):
    """The thread begins with the first formula."""

    ready = Signal()
    _made = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._drawings: OrderedDict[Wanted, Drawing | Pending | None] = OrderedDict()
        self._wanted: queue.SimpleQueue[Wanted | None] = queue.SimpleQueue()
        self._worker: Worker | None = None
        self._thread: threading.Thread | None = None
        self._made.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def drawing(self, text: str, *, display: bool) -> Drawing | Pending | None:
        """None: it cannot be drawn."""
        wanted = (text, display)
        if wanted in self._drawings:
            self._drawings.move_to_end(wanted)
            return self._drawings[wanted]
        if refused(text):
            return None
        self._drawings[wanted] = Pending.PENDING
        self._start()
        self._wanted.put(wanted)
        return Pending.PENDING

    def close(self) -> None:
        if self._thread is not None and self._worker is not None:
            self._wanted.put(None)
            self._worker.close()
            self._thread.join()
            self._thread = self._worker = None

    def _start(self) -> None:
        if self._thread is None:
            self._worker = Worker(svg_of, SECONDS, MEMORY)
            self._thread = threading.Thread(target=self._work, args=(self._worker,), name="cadre-formulas", daemon=True)
            self._thread.start()

    def _work(self, worker: Worker) -> None:
        patience = _PATIENCE
        while (wanted := self._wanted.get()) is not None:
            svg = ""
            if patience:
                try:
                    svg = worker.call(wanted)
                except KnownError:
                    pass
                except TooMuch as error:
                    patience -= 1
                    log.info("a formula was given up: %s", error)
            self._made.emit(wanted, svg)

    def _take(self, wanted: Wanted, svg: str) -> None:
        self._drawings[wanted] = Drawing.of(svg) if svg else None
        while len(self._drawings) > _KEPT:
            self._drawings.popitem(last=False)
        self.ready.emit()
