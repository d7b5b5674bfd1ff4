"""When a text is broken into lines anew while someone pulls at the window's edge. Interface thread.

A width comes with every frame, and a long text takes longer to lay out than a frame lasts. So after each layout the
thread is left alone for REST times as long as that took: short texts follow every frame, long ones a few times a
second, and the last width is always laid out.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

REST = 3.0
QUICK = 0.003
"""Seconds of layout up to which a text follows every width."""


class Reflow(QObject):
    """`wanted` is told of every new width and calls `lay_out` now or soon. clock: seconds; worked: of this thread."""

    def __init__(
        self,
        lay_out: Callable[[], None],
        parent: QObject,
        clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:
        super().__init__(parent)
        self._lay_out, self._clock, self._worked = lay_out, clock, worked
        self._took, self._ended = 0.0, 0.0
        self._soon = QTimer(self, singleShot=True)
        self._soon.timeout.connect(self._now)

    def wanted(self) -> None:
        wait = pause(self._took) - (self._clock() - self._ended)
        if wait <= 0:
            self._now()
        elif not self._soon.isActive():
            self._soon.start(max(1, round(1000 * wait)))

    def _now(self) -> None:
        self._soon.stop()
        began = self._worked()
        self._lay_out()
        self._took, self._ended = self._worked() - began, self._clock()


def pause(took: float) -> float:
    """Seconds to leave the thread alone after a layout that took so long."""
    return REST * took if took > QUICK else 0.0
