"""Recordings that the engine writes down: one request each, begun anew when the engine died over it.

Knows neither microphone nor store, and not what becomes of the words. Interface thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.audio.spool import Recording
from app.dictation.own_words import own_words
from app.window.dictation.line import Line
from app.window.dictation.own_field import Field
from app.window.preferences import Preferences
from engine import messages as m
from engine.speech.sound import RATE

_PIECE = 2 * RATE
"""Bytes of a recording that are handed over at a time: a second."""


@dataclass
class Job:
    """field: of Cadre's own that the words go into. recording: None while it is still being recorded. row: of the
    store, 0 until it has one. aside: nothing is inserted, the pill shows nothing. again: the engine died over it once.
    """

    request: str = ""
    field: Field | None = None
    recording: Recording | None = None
    row: int = 0
    recogniser: str = ""
    aside: bool = False
    again: bool = False


class Jobs(QObject):
    """so_far: the sound of what is still being recorded, to be handed over again."""

    heard = Signal(Job, str, str)
    """What is certain so far, and what may still change."""
    written = Signal(Job, object)
    """The `m.Transcript`; the job is over."""
    failed = Signal(Job, str)
    """Why, in a sentence or two, "" when the engine went without a word; the job is over."""

    def __init__(
        self, line: Line, preferences: Preferences, so_far: Callable[[], bytes], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._line, self._preferences, self._so_far = line, preferences, so_far
        self._numbers = itertools.count(1)
        self._jobs: dict[str, Job] = {}
        line.arrived.connect(self._take)

    def begin(self, job: Job) -> Job:
        """A new request for it; sound follows."""
        now = self._preferences.now
        job.request = f"dictation-{next(self._numbers)}"
        self._jobs[job.request] = job
        names = own_words(now.own_words).names
        self._line.send(m.Dictate(job.request, job.recogniser, now.spoken_language or None, names))
        return job

    def hear(self, job: Job, pcm: bytes) -> None:
        for at in range(0, len(pcm), _PIECE):
            self._line.send(m.Hear(job.request, pcm[at : at + _PIECE]))

    def end(self, job: Job) -> None:
        """No more is said."""
        self._line.send(m.EndOfSpeech(job.request))

    def drop(self, job: Job) -> None:
        """The engine need not go on with it."""
        if self._jobs.pop(job.request, None) is not None:
            self._line.send(m.Cancel(job.request))

    def of(self, rows: Iterable[int]) -> list[Job]:
        wanted = set(rows)
        return [job for job in self._jobs.values() if job.row in wanted]

    def working(self) -> set[int]:
        """Dictations of the store that are being written down anew."""
        return {job.row for job in self._jobs.values() if job.row}

    def clear(self) -> None:
        self._jobs.clear()

    def _take(self, events: list[tuple[float, m.Event]]) -> None:
        for _when, event in events:
            if isinstance(event, m.EngineStopped):
                self._engine_gone(event.sentence)
                continue
            job = self._jobs.get(event.request)
            if job is None:
                continue
            if isinstance(event, m.Heard):
                self.heard.emit(job, event.stable, event.tentative)
            elif isinstance(event, m.Transcribed):
                del self._jobs[job.request]
                self.written.emit(job, event.transcript)
            elif isinstance(event, m.Failed):
                del self._jobs[job.request]
                self.failed.emit(job, f"{event.sentence} {event.next_step}".strip())

    def _engine_gone(self, sentence: str) -> None:
        """It starts anew with the next command; all that was said is on disk. Twice over one recording is enough."""
        for job in list(self._jobs.values()):
            del self._jobs[job.request]
            if job.again or not sentence:
                self.failed.emit(job, sentence)
                continue
            job.again = True
            self.begin(job)
            self.hear(job, self._so_far() if job.recording is None else job.recording.pcm())
            if job.recording is not None:
                self.end(job)
