"""What dictation does: records, has it written down, keeps what could be lost. Where the text goes is `Delivering`'s.

Knows no widgets but the field of Cadre's own that it passes on. Sound is on disk before anything else happens to it;
it goes, or is kept for the days the person sets, only when its words are in the store. Interface thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.audio.devices import Device, Microphones, PortAudio
from app.audio.recorder import Recorder
from app.audio.spool import Recording, Spool
from app.desktop.parts import Allowed, Parts
from app.dictation.keeping import Recordings
from app.dictation.own_words import worded
from app.dictation.shown import Do, Shown, Stage
from app.store.dictations import Dictation
from app.store.store import Store
from app.window.dictation.delivering import Delivering
from app.window.dictation.jobs import Job, Jobs
from app.window.dictation.line import Line
from app.window.dictation.own_field import Field
from app.window.dictation.showing import Showing
from app.window.dictation.tidying import Tidying
from app.window.preferences import Preferences
from engine import messages as m
from engine.errors import KnownError

_PUMP_MS = 50
_SHORTEST = 0.3
"""Seconds; less was a touch of the key."""
log = logging.getLogger(__name__)


class Dictating(QObject):
    """listed: the dictations of the store are others. begins: a microphone is about to be opened, so that whatever
    sounds should stop.
    """

    listed = Signal()
    begins = Signal()

    def __init__(
        self,
        line: Line,
        store: Store,
        preferences: Preferences,
        parts: Parts,
        parent: QObject | None = None,
        microphones: Microphones | None = None,
        clock: Callable[[], float] = time.monotonic,
        tidier: Callable[[], str] = lambda: "",
    ) -> None:
        """tidier: see Tidying."""
        super().__init__(parent)
        self._store, self._preferences, self._parts = store, preferences, parts
        self._microphones, self._spool = microphones or PortAudio(), Spool()
        self.clock = clock
        self.recordings = Recordings(store.dictations, self._spool, lambda: preferences.now.keep_recordings)
        self.showing = Showing(self)
        self.tidying = Tidying(line, preferences, tidier, self)
        self.delivering = Delivering(
            self.showing, self.tidying, store, preferences, parts, clock, lambda: self._main is not None, self
        )
        self._jobs = Jobs(line, preferences, self._so_far, self)
        self._main: Job | None = None
        self._recorder: Recorder | None = None
        self._deaf = False
        self.failed = 0
        """The dictation of the store that could not be written down last; 0 for none."""
        self._let_nap: Callable[[], None] = _nothing
        self._pump = QTimer(self, interval=_PUMP_MS)
        self._pump.timeout.connect(self.pump)
        self._jobs.heard.connect(self._heard)
        self._jobs.written.connect(self._written)
        self._jobs.failed.connect(self._failed)
        self.delivering.listed.connect(self.listed)

    # --- begin and end ------------------------------------------------------------------------------------

    def toggle(self, field: Field | None = None) -> None:
        if self.showing.stage is Stage.LISTENING:
            self.end()
        else:
            self.begin(field)

    def begin(self, field: Field | None = None) -> None:
        """Listen. field: of Cadre's own that the text goes into; None: the program in front."""
        if self.showing.stage.is_busy:
            return
        self.delivering.pasting.end()
        if field is None:
            self._parts.front.remember()
        match self._parts.microphone.allowed():
            case Allowed.NO:
                self._deny()
            case Allowed.UNASKED:
                self.showing.show(Shown(Stage.ASKING, here=field is not None))
                self._parts.microphone.ask(lambda: self._answered(field))
            case Allowed.YES:
                self._listen(field)

    def _answered(self, field: Field | None) -> None:
        """The person may have cancelled, or ended Cadre, while the system asked."""
        if self.showing.stage is not Stage.ASKING:
            return
        if self._parts.microphone.allowed() is Allowed.YES:
            self._listen(field)
        else:
            self._deny()

    def _deny(self) -> None:
        words = self.tr("Cadre may not use the microphone.")
        self.showing.show(Shown(Stage.DENIED, sentence=words, acts=(Do.ALLOW, Do.HIDE)))

    def _listen(self, field: Field | None) -> None:
        self.begins.emit()
        wanted = self._preferences.now.microphone or None
        recorder = Recorder(self._microphones, self._spool, wanted, self.clock, self._deaf)
        try:
            recorder.start()
        except KnownError as error:
            self._fail(str(error))
            return
        self._recorder = recorder
        self._let_nap = self._parts.awake.hold("somebody dictates")
        self._main = self._jobs.begin(Job(field=field, recogniser=self._preferences.now.recogniser))
        self.showing.show(Shown(Stage.LISTENING, here=field is not None, acts=(Do.CANCEL, Do.END)))
        self._pump.start()

    def pump(self) -> None:
        """What came from the microphone goes on, some twenty times a second."""
        if self._recorder is None or self._main is None:
            return
        try:
            heard = self._recorder.pump()
        except KnownError as error:
            self._stop_short(str(error))
            return
        if heard.pcm:
            self._jobs.hear(self._main, heard.pcm)
        deaf = self.tr("Cadre is reading aloud, and does not listen meanwhile.") if self._deaf else ""
        self.showing.show(replace(self.showing.now, level=heard.level, warning=deaf or heard.warning))

    def deafen(self, *, deaf: bool) -> None:
        """While Cadre itself speaks: nothing of that is recorded."""
        if deaf is not self._deaf:
            self.pump()  # what came until now is as it was
            self._deaf = deaf
        if self._recorder is not None:
            self._recorder.deaf = deaf

    def end(self) -> None:
        """No more is said; the text comes when it is written down. Into the program that is in front now."""
        if self._recorder is None or self._main is None:
            return
        job = self._main
        if job.field is None:
            self._parts.front.remember()
        try:
            recording, rest = self._stop()
        except KnownError as error:
            self._stop_short(str(error))
            return
        if recording.seconds < _SHORTEST:
            recording.accept()
            self._drop(job)
            words = self.tr("Hold the key while you speak, or press it once to begin and once to end.")
            self.showing.show(Shown(Stage.NOTHING, sentence=words))
            return
        job.recording = recording
        self._jobs.hear(job, rest)
        self._jobs.end(job)
        self.showing.show(replace(self.showing.now, stage=Stage.WORKING, level=0.0, warning="", acts=(Do.CANCEL,)))

    def cancel(self) -> None:
        """At any point. Nothing is inserted, and what was only being recorded is gone; what is in the store stays."""
        if self.delivering.pasting.waits:
            self.delivering.pasting.cancel()
            return
        job = self._main
        if self._recorder is not None:
            recorder, self._recorder = self._recorder, None
            self._pump.stop()
            recorder.cancel()
        if job is not None:
            if job.recording is not None and not job.row:
                job.recording.accept()
            self._drop(job)
        self.delivering.cancel()
        if self.showing.stage.is_busy:
            self.showing.show(Shown(Stage.CANCELLED))

    def _stop(self) -> tuple[Recording, bytes]:
        recorder, self._recorder = self._recorder, None
        assert recorder is not None
        self._pump.stop()
        return recorder.stop()

    def _stop_short(self, sentence: str) -> None:
        """The disk takes no more: what is there is kept, and found as after a crash."""
        job = self._main
        if self._recorder is not None:
            try:
                self._stop()
            except KnownError:
                log.info("the end of a recording is lost")
        if job is not None:
            self._drop(job)
        kept = self.recordings.recover()
        self.listed.emit()
        self._fail(sentence, kept[-1].id if kept else 0)

    # --- the engine ---------------------------------------------------------------------------------------

    def _so_far(self) -> bytes:
        return b"" if self._recorder is None else self._recorder.so_far()

    def _heard(self, job: Job, stable: str, tentative: str) -> None:
        if job is self._main:
            self.showing.show(replace(self.showing.now, stable=stable, tentative=tentative))

    def _drop(self, job: Job) -> None:
        self._jobs.drop(job)
        self._over(job)

    def _over(self, job: Job) -> None:
        if self._main is job:
            self._main = None
            self._let_nap()
            self._let_nap = _nothing

    # --- words --------------------------------------------------------------------------------------------

    def _written(self, job: Job, transcript: m.Transcript) -> None:
        """In the store first; then the sound may go, then the text goes where it belongs."""
        self._over(job)
        assert job.recording is not None
        text = worded(transcript, self._preferences.now)
        if not text and not job.row and not self._preferences.now.keep_recordings:
            job.recording.accept()
        else:
            job.row = self._keep(job, job.recording, text, transcript)
        tidied = bool(text) and self.tidying.begin(job.row, text)
        self.listed.emit()
        if job.aside:
            self.delivering.forget({job.row})
            return
        if not text:
            self.showing.show(Shown(Stage.NOTHING, sentence=self.tr("No words were heard.")))
        else:
            self.delivering.take(job.row, text, job.field, tidied=tidied)

    def _keep(self, job: Job, recording: Recording, text: str, transcript: m.Transcript) -> int:
        rows, language = self._store.dictations, transcript.language or ""
        if job.row:
            rows.write(job.row, text, transcript.recogniser, language, recording.path.name)
        else:
            job.row = rows.add(
                created=recording.begun,
                seconds=recording.seconds,
                text=text,
                recogniser=transcript.recogniser,
                language=language,
                audio=recording.path.name,
            ).id
        self.recordings.tidy(time.time())
        self._store.tidy()
        return job.row

    # --- what failed, and what was cut off ----------------------------------------------------------------

    def _failed(self, job: Job, sentence: str) -> None:
        self._over(job)
        sentence = sentence or self.tr("The engine stopped.")
        if self._recorder is not None and not job.aside and job.recording is None:
            try:
                job.recording, _ = self._stop()
            except KnownError:
                self._stop_short(sentence)
                return
        rows = self._store.dictations
        if job.row:
            rows.fail(job.row, sentence)
        elif job.recording is not None and job.recording.seconds < _SHORTEST:
            job.recording.accept()
        elif job.recording is not None:
            recording = job.recording
            job.row = rows.add(
                created=recording.begun, seconds=recording.seconds, text="", failure=sentence, audio=recording.path.name
            ).id
        self.listed.emit()
        if not job.aside:
            self._fail(sentence, job.row)

    def _fail(self, sentence: str, row: int = 0) -> None:
        self.failed = row
        acts = (Do.RETRY, Do.SHOW, Do.HIDE) if row else (Do.HIDE,)
        if row:
            sentence = self.tr("{sentence} The recording is kept.").format(sentence=sentence)
        self.showing.show(Shown(Stage.FAILED, sentence=sentence, acts=acts))

    def retry_last(self) -> None:
        """What has just failed; its text is inserted where the person is now."""
        if self.failed:
            self._parts.front.remember()
            self.retry(self.failed, aside=False)

    def retry(self, row: int, recogniser: str | None = None, *, aside: bool = True) -> None:
        """Write a recording down anew. recogniser: another than the one that is set.

        Raises:
            KnownError: its sound is not there any more.
        """
        dictation = self._store.dictations.get(row)
        if row in self.working() or (not aside and self.showing.stage.is_busy):
            return
        recording = self.recordings.of(dictation)
        chosen = self._preferences.now.recogniser if recogniser is None else recogniser
        job = self._jobs.begin(Job(recording=recording, row=row, recogniser=chosen, aside=aside))
        if not aside:
            self._main = job
            self.showing.show(Shown(Stage.WORKING, acts=(Do.CANCEL,)))
        self._jobs.hear(job, recording.pcm())
        self._jobs.end(job)
        self.listed.emit()

    def working(self) -> set[int]:
        """Dictations of the store that are being written down anew."""
        return self._jobs.working()

    def note(self, dictation: int) -> str:
        """What becomes of its tidied text, "" for nothing to say."""
        if dictation in self.tidying.working():
            return self.tr("Being tidied…")
        why = self.tidying.why_not(dictation)
        return self.tr("Not tidied. {why}").format(why=why) if why else ""

    def recover(self) -> list[Dictation]:
        """What the last run's end cut off, now among the dictations. Once, at the start."""
        found = self.recordings.recover()
        self.recordings.tidy(time.time())
        return found

    # --- dictations that are there ------------------------------------------------------------------------

    def delete(self, ids: Iterable[int]) -> None:
        """Hidden until `tidy`."""
        gone = set(ids)
        for job in self._jobs.of(gone):
            self._drop(job)
        for one in gone:
            self.tidying.cancel(one)
        self.delivering.forget(gone)
        self._store.dictations.delete(gone)
        self.listed.emit()

    def undelete(self, ids: Iterable[int]) -> None:
        self._store.dictations.restore(ids)
        self.listed.emit()

    def tidy(self) -> None:
        self.recordings.tidy(time.time())
        self._store.tidy()

    def devices(self) -> list[Device]:
        """Not while one is open: then those of before would go. Raises KnownError."""
        return [] if self._recorder is not None else self._microphones.devices()

    def close(self) -> None:
        """With the app: the clipboard is given back; what was being said is on disk and offered at the next start."""
        self.showing.stop()
        self._pump.stop()
        self.delivering.close()
        if self._recorder is not None:
            try:
                self._stop()
            except KnownError:
                log.info("the end of a recording is lost")
        self._jobs.clear()
        self._main = None
        self.showing.stop()
        self._let_nap()


def _nothing() -> None:
    return
