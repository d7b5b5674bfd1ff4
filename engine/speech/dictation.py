"""What one person says now, written down while it is said. Engine thread; a step at a time, as sound comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.messages import Dictate, Heard, Transcribed
from engine.speech.agreement import Agreed
from engine.speech.recogniser import Hints, Pulse, Recogniser
from engine.speech.sound import RATE, from_pcm
from engine.speech.utterances import Utterances
from engine.speech.voice_activity import VoiceActivity
from engine.speech.writing_down import Writer

_GUESS_EVERY = 0.5
"""Seconds of new speech until what is said so far is guessed anew."""


class Dictation:
    """`hear` and `finish` only note what came; `step` does the work of one piece of sound."""

    def __init__(
        self,
        command: Dictate,
        activity: VoiceActivity,
        recogniser: Recogniser,
        emit: Callable[[Heard | Transcribed], None],
        pulse: Pulse,
    ) -> None:
        self._request = command.request
        self._utterances = Utterances(activity, recogniser.longest)
        self._writer = Writer(recogniser, Hints(command.language, command.words), pulse)
        self._emit = emit
        self._pieces: deque[bytes] = deque()
        self._agreed = Agreed()
        self._guessed = 0.0  # seconds of speech at the last guess
        self._samples = 0
        self._ending = False
        self._told: Heard | None = None

    @property
    def has_work(self) -> bool:
        return bool(self._pieces) or self._ending

    def hear(self, pcm: bytes) -> None:
        self._pieces.append(pcm)

    def finish(self) -> None:
        self._ending = True

    def step(self) -> bool:
        """True when it was the last one: Transcribed was told."""
        if self._pieces:
            self._take(self._pieces.popleft())
            return False
        for part in self._utterances.end():
            self._writer.take(part)
        self._emit(Transcribed(self._request, self._writer.transcript(self._samples / RATE)))
        return True

    def drop(self) -> None:
        self._writer.drop()

    def _take(self, pcm: bytes) -> None:
        samples = from_pcm(pcm)
        self._samples += len(samples)
        for part in self._utterances.feed(samples):
            self._writer.take(part)
            if part.last:
                self._agreed = Agreed()
        new = self._writer.speech - self._guessed
        if not self._pieces and not self._ending and self._utterances.speaking and new >= _GUESS_EVERY:
            self._guessed = self._writer.speech
            self._agreed = self._agreed.next(self._writer.guess().words)
        self._tell()

    def _tell(self) -> None:
        """Only when something changed."""
        stable = "".join(word.text for word in (*self._writer.words, *self._agreed.stable)).strip()
        tentative = "".join(word.text for word in self._agreed.tentative)
        heard = Heard(self._request, stable, tentative if stable else tentative.strip(), self._utterances.speaking)
        if heard != self._told:
            self._told = heard
            self._emit(heard)
