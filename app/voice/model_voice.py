"""A voice model's sound, made by the engine, and the system's voice where that fails. Knows no Qt, no device.

`speak` waits on the voice's thread; the engine's events are brought by `hear` from another one.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable

from app.voice.tempo import paced
from app.voice.voices import Spoken
from engine import messages as m
from engine.errors import KnownError

_BUG = "The voice failed; this is a bug."
_HUSHED = KnownError("The reading was stopped.", "")


class ModelVoice:
    """send: to the engine, from any thread, at once. One sentence at a time."""

    def __init__(self, send: Callable[[m.Command], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._made: queue.SimpleQueue[m.Spoke | m.Failed | None] = queue.SimpleQueue()
        self._request = ""
        self.is_hushed = False

    def speak(self, model: str, text: str, speed: float) -> Spoken:
        """Raises KnownError: it cannot, or it was hushed."""
        with self._lock:
            if self.is_hushed:
                raise _HUSHED
            made = self._made = queue.SimpleQueue()
            self._request = f"speak-{next(self._numbers)}"
            self._send(m.Speak(self._request, model, text))  # in here: a cancel comes after it
        match made.get():
            case m.Spoke(_, samples, rate):
                return Spoken(paced(samples, rate, speed), rate)
            case m.Failed(_, known, sentence, next_step):
                raise KnownError(sentence if known else _BUG, next_step or "The log has the details.")
        raise _HUSHED

    def hear_all(self, batch: Iterable[tuple[float, m.Event]]) -> None:
        """As the window's line brings them."""
        for _, event in batch:
            self.hear(event)

    def hear(self, event: m.Event) -> None:
        """Of whatever request; what is not about the sentence under way is left alone."""
        if isinstance(event, m.Spoke | m.Failed):
            with self._lock:
                if event.request == self._request:
                    self._request = ""
                    self._made.put(event)

    def ready(self) -> None:
        """A sentence is wanted again."""
        self.is_hushed = False

    def hush(self) -> None:
        """What is being made, and what is asked for until `ready`, is not wanted. From any thread."""
        with self._lock:
            self.is_hushed = True
            request, self._request = self._request, ""
            if request:
                self._made.put(None)
                self._send(m.Cancel(request))


class ChosenVoice:
    """The model that was chosen, or the system's voice. troubled: told, once in a reading, why the model does not
    speak; the system's reads those sentences.
    """

    def __init__(
        self, system: Callable[[str, float], Spoken], by_model: ModelVoice, troubled: Callable[[KnownError], None]
    ) -> None:
        self._system, self._by_model, self._troubled = system, by_model, troubled
        self._model, self._told = "", False

    def choose(self, model: str) -> None:
        """For the next reading. model: "" for the system's."""
        self._model, self._told = model, False

    def speak(self, text: str, speed: float) -> Spoken:
        """Raises KnownError: neither can, or it was hushed."""
        if not self._model:
            return self._system(text, speed)
        try:
            return self._by_model.speak(self._model, text, speed)
        except KnownError as error:
            if self._by_model.is_hushed:
                raise
            if not self._told:
                self._told = True
                self._troubled(error)
            return self._system(text, speed)

    def ready(self) -> None:
        self._by_model.ready()

    def hush(self) -> None:
        self._by_model.hush()
