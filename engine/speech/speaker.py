"""The host's speaking side: the voice that is open, the sentences that wait for their sound. Engine thread.

A sentence never runs by itself: the host calls `turn` where nothing of an answer is in flight, and a turn lasts as long
as the answer worked since the one before, so that neither waits for the other for long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator

import numpy as np

from engine import messages as m
from engine.failures import failed
from engine.speech.sound import Samples
from engine.speech.voice import Voice
from engine.speech.voices import bytes_needed, open_voice

_LONGEST = 0.2
"""Seconds of a turn, as of the host's other steps."""


class Speaker:
    def __init__(
        self,
        emit: Callable[[m.Event], None],
        clock: Callable[[], float],
        voice: Callable[[str], Voice] = open_voice,
        needs: Callable[[str], int] = bytes_needed,
        room: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        """needs: bytes of a voice by its name. room: told how many bytes it will hold, before it does; raises
        KnownError to refuse.
        """
        self._emit, self._clock, self._room = emit, clock, room
        self._voice, self._needs = voice, needs
        self._open: tuple[str, Voice] | None = None
        self._waiting: deque[m.Speak] = deque()
        self._steps: Generator[Samples, None, None] | None = None  # of the first that waits
        self._made: list[Samples] = []
        self._ended = clock()
        self.nbytes = 0
        """What the open voice may hold."""
        self.named = ""
        """The last one that was opened, for people."""

    def take(self, command: m.Speak) -> None:
        """Only notes it."""
        self._waiting.append(command)

    @property
    def has_work(self) -> bool:
        return bool(self._waiting)

    @property
    def busy(self) -> bool:
        """Something is or will be spoken."""
        return bool(self._waiting)

    def cancel(self, request: str) -> bool:
        """False: it is no sentence that waits or is being made. Called between two steps."""
        named = [one for one in self._waiting if one.request == request]
        for one in named:
            if one is self._waiting[0]:
                self._leave_off()
            self._waiting.remove(one)
            self._emit(m.Failed(request, True, "The request was cancelled.", ""))
        return bool(named)

    def turn(self) -> None:
        """Steps of the first sentence, one at least."""
        begun = self._clock()
        until = begun + min(begun - self._ended, _LONGEST)
        self._step()
        while self._waiting and self._clock() < until:
            self._step()
        self._ended = self._clock()

    def rest(self) -> None:
        """Gives the voice's memory back unless it is speaking."""
        if not self._waiting:
            self._close_voice()

    def close(self) -> None:
        """Sentences that wait end as cancelled."""
        for one in list(self._waiting):
            self.cancel(one.request)
        self._close_voice()

    # --- work ---------------------------------------------------------------------------------------------

    def _step(self) -> None:
        command = self._waiting[0]
        try:
            if self._steps is None:
                self._steps = self._opened(command.voice).speak(command.sentence)
            self._made.append(next(self._steps))
        except StopIteration:
            self._tell(command)
        except Exception as error:  # noqa: BLE001 -- it ends this sentence only, and is told
            self._drop_first()
            self._emit(failed(command.request, error))

    def _tell(self, command: m.Speak) -> None:
        assert self._open is not None
        voice = self._open[1]
        samples = np.concatenate([np.zeros(0, np.float32), *self._made])
        self._drop_first()
        self._emit(m.Spoke(command.request, samples, voice.rate, voice.name))

    def _drop_first(self) -> None:
        self._leave_off()
        self._waiting.popleft()

    def _leave_off(self) -> None:
        """The first sentence, wherever it is."""
        steps, self._steps, self._made = self._steps, None, []
        if steps is not None:
            steps.close()

    def _opened(self, name: str) -> Voice:
        """Kept until another is wanted."""
        if self._open is None or self._open[0] != name:
            self._close_voice()
            needs = self._needs(name)
            self._room(needs)
            try:
                self._open = (name, self._voice(name))
            except Exception:
                self._room(0)
                raise
            self.nbytes, self.named = needs, self._open[1].name
        return self._open[1]

    def _close_voice(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None
            self._room(0)
            self.nbytes = 0
