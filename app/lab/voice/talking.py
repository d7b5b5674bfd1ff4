"""An engine with an answer under way, so that dictation has something to wait for. Any thread, one at a time."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import TypeVar

from engine import messages as m
from engine.errors import KnownError
from engine.link import Engine
from engine.models.folders import BUILTIN

_QUESTION = "Please find me a restaurant for tonight."
_TOKENS = 400
_PATIENCE = 600.0
_SILENT, _LESS = "The engine took over ten minutes.", "Measure on a machine with less to do."
E = TypeVar("E", bound=m.Event)


class Talking:
    """Asks anew whenever an answer ends, as long as somebody listens."""

    def __init__(self, engine: Engine, model: str = BUILTIN) -> None:
        self._engine, self._model = engine, model
        self._numbers = itertools.count()
        self._asked = ""

    def ask(self) -> None:
        self._asked = f"talk-{next(self._numbers)}"
        turns = (m.Turn("user", _QUESTION),)
        sampling = m.Sampling(temperature=1.0, seed=next(self._numbers))
        self._engine.send(m.Ask(self._asked, self._model, turns, max_tokens=_TOKENS, sampling=sampling))

    def until(self, wanted: Callable[[m.Event], bool]) -> m.Event:
        """The next event that is wanted.

        Raises:
            KnownError: something failed, or it did not come in ten minutes.
        """
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE:
            event = self._engine.get(0.1)
            if event is None:
                continue
            if isinstance(event, m.Finished) and event.request == self._asked:
                self.ask()
            if wanted(event):
                return event
            if isinstance(event, m.Failed):
                raise KnownError(f"The bench stopped: {event.sentence}", event.next_step or "Try again.")
        raise KnownError(_SILENT, _LESS)

    def ended(self, request: str, kind: type[m.Transcribed | m.Failed]) -> None:
        """A dictation ends so. Nothing is asked meanwhile."""
        begun = time.monotonic()
        while time.monotonic() - begun < _PATIENCE:
            event = self._engine.get(0.1)
            if isinstance(event, m.Transcribed | m.Failed) and event.request == request:
                if isinstance(event, kind):
                    return
                raise KnownError("A dictation of the bench ended otherwise than it should.", "The log has the details.")
        raise KnownError(_SILENT, _LESS)

    def tokens(self, count: int) -> None:
        for _ in range(count):
            self.until(lambda event: isinstance(event, m.Token))

    def look(self) -> None:
        """Keeps it talking; what it said is dropped."""
        while (event := self._engine.get(0)) is not None:
            if isinstance(event, m.Finished) and event.request == self._asked:
                self.ask()

    def stop(self) -> None:
        """Returns when nothing runs."""
        asked, self._asked = self._asked, ""
        self._engine.send(m.Cancel(asked))
        self.until(lambda event: isinstance(event, m.Finished | m.Failed) and event.request == asked)
