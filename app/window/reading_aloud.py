"""Answers read aloud: one at a time, whole or while it is written. Interface thread; the voice has one of its own.

Knows no widgets. `changed` says which message is being read now, so that a button can offer to stop, and a microphone
can be deaf meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal

from app.voice.aloud import Aloud, Ended, Loudspeaker
from app.voice.following import Following
from app.voice.loudspeaker import PortAudio
from app.voice.model_voice import ChosenVoice, ModelVoice
from app.voice.voices import Spoken, system_voice
from app.window.answers import Answers
from app.window.engine_line import EngineLine
from app.window.preferences import Preferences
from engine.errors import KnownError


class ReadingAloud(QObject):
    """changed: another message is read, or none any more. failed: a KnownError that the person should see. line: to the
    engine, which speaks where a model was chosen as the voice. say: the system's voice.
    """

    changed = Signal()
    failed = Signal(object)
    _told = Signal(object)
    _troubled = Signal(object)

    def __init__(
        self,
        answers: Answers,
        preferences: Preferences,
        line: EngineLine,
        say: Callable[[str, float], Spoken] | None = None,
        loudspeaker: Loudspeaker | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._answers, self._preferences = answers, preferences
        by_model = ModelVoice(line.send)
        self._voice = voice = ChosenVoice(say or system_voice().speak, by_model, self._troubled.emit)
        self._aloud = Aloud(voice.speak, loudspeaker or PortAudio(), self._told.emit, voice)
        line.arrived.connect(by_model.hear_all)
        self._following = Following()
        self._reading = 0
        self.message: int | None = None
        """The one that is being read."""
        self._told.connect(self._ended, Qt.ConnectionType.QueuedConnection)
        self._troubled.connect(self._tell_trouble, Qt.ConnectionType.QueuedConnection)
        answers.began.connect(self._begin)
        answers.grew.connect(lambda message, _: self._follow(message, ended=False))
        answers.ended.connect(lambda message: self._follow(message, ended=True))

    def read(self, message: int, text: str) -> None:
        """From its beginning, whatever is read now. One that is still being written is followed to its end."""
        self._start(message)
        self._say(text, ended=self._answers.running(message) is None)

    def stop(self) -> None:
        """At once."""
        self._aloud.silence()
        self._set(None)

    def close(self) -> None:
        self._aloud.close()
        self.message = None

    def _begin(self, message: int) -> None:
        """A new question silences what is read; its answer is read if the person wants that."""
        self.stop()
        if self._preferences.now.read_aloud:
            self._start(message)

    def _start(self, message: int) -> None:
        now = self._preferences.now
        self._aloud.speed = now.speaking_speed / 100
        self._reading = self._aloud.begin()
        self._voice.choose(now.voice)
        self._following = Following()
        self._set(message)

    def _follow(self, message: int, *, ended: bool) -> None:
        if message != self.message:
            return
        answer = self._answers.running(message)
        if answer is not None and not answer.stopping:
            self._say(answer.text, ended=False)
        elif ended:
            self._finish(message)

    def _finish(self, message: int) -> None:
        """All of it is in the store now; one that was stopped or failed is not read on."""
        try:
            text, whole = self._answers.written(message)
        except KeyError:  # deleted for good meanwhile
            text, whole = "", False
        if whole:
            self._say(text, ended=True)
        else:
            self.stop()

    def _say(self, text: str, *, ended: bool) -> None:
        for sentence in self._following.more(text, ended=ended):
            self._aloud.add(self._reading, sentence)
        if ended:
            self._aloud.end(self._reading)

    def _ended(self, ended: Ended) -> None:
        if ended.reading != self._reading:
            return
        self._set(None)
        if ended.error is not None:
            self.failed.emit(ended.error)

    def _tell_trouble(self, error: KnownError) -> None:
        """What was chosen does not speak, and the system's voice reads on."""
        if self.message is not None:
            on = self.tr("The system\u2019s voice reads instead.")
            self.failed.emit(KnownError(error.sentence, f"{error.next_step} {on}"))

    def _set(self, message: int | None) -> None:
        if message != self.message:
            self.message = message
            self.changed.emit()
