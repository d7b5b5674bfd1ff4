"""The host's speech side: the gate's net, recognisers, open dictations. Engine thread; nothing is loaded until wanted.

A dictation never runs by itself: the host calls `step` where nothing of an answer is in flight, and the answer goes on
when all that was heard is written down.
"""

from __future__ import annotations

from collections.abc import Callable

from engine import messages as m
from engine.errors import Cancelled
from engine.failures import failed
from engine.speech.dictation import Dictation
from engine.speech.recogniser import Pulse, Recogniser
from engine.speech.recognisers import bytes_needed, open_recogniser
from engine.speech.voice_activity import Silero, VoiceActivity
from engine.speech.writing_down import transcribe


class Desk:
    def __init__(
        self,
        emit: Callable[[m.Event], None],
        activity: Callable[[], VoiceActivity] | None = None,
        recogniser: Callable[[str], Recogniser] = open_recogniser,
        needs: Callable[[str], int] = bytes_needed,
        room: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        """needs: bytes of a recogniser by its name. room: told how many bytes they will hold in all, before they do;
        raises KnownError to refuse.
        """
        self._emit, self._room = emit, room
        self._net: Silero | None = None  # loaded once: a dictation begins while an answer waits
        self._activity, self._recogniser, self._needs = activity or self._ears, recogniser, needs
        self._opened: dict[str, Recogniser] = {}
        self.nbytes = 0
        """What open recognisers may hold."""
        self.named = ""
        """The last one that was opened, for people."""
        self._dictations: dict[str, Dictation | m.Dictate] = {}  # the command until its first step
        self._sound: dict[str, list[m.Hear | m.EndOfSpeech]] = {}
        self._cancelled: set[str] = set()
        self._running: str | None = None
        self._files = 0  # being written down: several when a more urgent one interrupts

    # --- commands -----------------------------------------------------------------------------------------

    def take(self, command: m.Dictate | m.Hear | m.EndOfSpeech) -> None:
        """Only notes it. Sound of a dictation that has ended already is left alone."""
        if isinstance(command, m.Dictate):
            self._dictations[command.request] = command
            self._sound[command.request] = []
        elif command.request in self._sound:
            self._sound[command.request].append(command)

    def cancel(self, request: str) -> bool:
        """False: it is no dictation. One that a step is about ends where that step next looks."""
        if request not in self._dictations:
            return False
        self._cancelled.add(request)
        return True

    @property
    def has_work(self) -> bool:
        """Not while a step runs: steps do not nest."""
        return self._running is None and self._next() is not None

    @property
    def busy(self) -> bool:
        """Something is or will be written down."""
        return bool(self._dictations or self._files)

    def close(self) -> None:
        """A dictation that is open ends as cancelled."""
        self._cancelled |= self._dictations.keys()
        while self.has_work:
            self.step(lambda: None)
        self.rest()
        self._net = None

    def rest(self) -> None:
        """Gives the recognisers' memory back unless something uses them."""
        if not self.busy:
            self._close_all()

    def _close_all(self) -> None:
        for recogniser in self._opened.values():
            recogniser.close()
        self._opened.clear()
        self._room(0)
        self.nbytes = 0

    # --- work ---------------------------------------------------------------------------------------------

    def step(self, look: Pulse) -> None:
        """A piece of sound of one dictation. look: takes commands that have come."""
        request = self._running = self._next()
        assert request is not None
        try:
            done = self._step(request, look)
        except Exception as error:  # noqa: BLE001 -- it ends this dictation only, and is told
            self._emit(failed(request, error))
            done = True
        finally:
            self._running = None
        if done:
            self._forget(request)

    def transcribe(self, command: m.Transcribe, pulse: Pulse) -> m.Transcript:
        """A whole file. Raises KnownError and what pulse raises."""
        recogniser = self._open(command.recogniser)
        self._files += 1
        try:
            return transcribe(command, self._activity(), recogniser, self._emit, pulse)
        finally:
            self._files -= 1

    def _ears(self) -> VoiceActivity:
        if self._net is None:
            self._net = Silero()
        return self._net.another()

    def _step(self, request: str, look: Pulse) -> bool:
        def pulse() -> None:
            look()
            if request in self._cancelled:
                raise Cancelled

        pulse()
        dictation = self._dictations[request]
        if isinstance(dictation, m.Dictate):
            recogniser = self._open(dictation.recogniser)
            dictation = Dictation(dictation, self._activity(), recogniser, self._emit, pulse)
            self._dictations[request] = dictation
        self._hand_over(request, dictation)
        return dictation.has_work and dictation.step()

    def _hand_over(self, request: str, dictation: Dictation) -> None:
        sound, self._sound[request] = self._sound[request], []
        for one in sound:
            if isinstance(one, m.Hear):
                dictation.hear(one.pcm)
            else:
                dictation.finish()

    def _next(self) -> str | None:
        for request, dictation in self._dictations.items():
            waits = isinstance(dictation, Dictation) and not self._sound[request] and not dictation.has_work
            if request in self._cancelled or not waits:
                return request
        return None

    def _forget(self, request: str) -> None:
        dictation = self._dictations.pop(request)
        if isinstance(dictation, Dictation):
            dictation.drop()
        self._sound.pop(request)
        self._cancelled.discard(request)

    def _open(self, name: str) -> Recogniser:
        """Kept until another is wanted and none is in use."""
        if name not in self._opened:
            in_use = self._files or any(isinstance(one, Dictation) for one in self._dictations.values())
            if not in_use:
                self._close_all()
            needs = self._needs(name)
            try:
                self._room(self.nbytes + needs)
                self._opened[name] = self._recogniser(name)
            except Exception:
                self._room(self.nbytes)
                raise
            self.nbytes += needs
            self.named = self._opened[name].name
        return self._opened[name]
