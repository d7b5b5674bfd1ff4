"""Which recordings stay on disk: those without words for good, the others for the days the person sets. No Qt.

A recording that no row of the store names was cut off by a crash. A row is removed only after its sound is gone, so
that nothing deleted ever comes back as such a one. The store's thread.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.audio.spool import Recording, Spool
from app.store.dictations import Dictation, Dictations
from engine.errors import KnownError

FOR_GOOD = -1
_DAY = 86_400
CUT_OFF = "Cadre ended before this was written down."


class Recordings:
    """days: how long sound is kept whose words are there; 0: not at all; FOR_GOOD: until it is deleted by hand."""

    def __init__(self, dictations: Dictations, spool: Spool, days: Callable[[], int]) -> None:
        self._dictations, self._spool, self._days = dictations, spool, days

    def recover(self) -> list[Dictation]:
        """Recordings that the last run did not write down, now among the dictations. Call it before one begins."""
        known = self._dictations.recordings()
        left = [one for one in self._spool.left() if one.path.name not in known]
        return [
            self._dictations.add(created=one.begun, seconds=one.seconds, text="", failure=CUT_OFF, audio=one.path.name)
            for one in left
        ]

    def of(self, dictation: Dictation) -> Recording:
        """Raises KnownError: it is not there any more."""
        path = self._path(dictation.audio)
        if not dictation.audio or not path.is_file():
            raise KnownError("The recording is not there any more.", "Keep recordings longer in Settings.")
        return Recording(path, dictation.created)

    def tidy(self, now: float) -> None:
        """What was deleted or is too old goes; sound first. Where the disk refuses, the next time."""
        for dictation in self._dictations.deleted():
            if self._gone(dictation.audio):
                self._dictations.purge(dictation.id)
        days = self._days()
        if days != FOR_GOOD:
            for dictation in self._dictations.older(now - days * _DAY):
                if self._gone(dictation.audio):
                    self._dictations.forget_audio(dictation.id)

    def _gone(self, name: str) -> bool:
        try:
            if name:
                self._path(name).unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _path(self, name: str) -> Path:
        return self._spool.folder / Path(name).name
