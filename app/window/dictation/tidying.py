"""Dictated texts tidied by a model: asked of the engine, one request a text; how long it took is remembered.

Decides nothing about where a text stands, and is silent when there is none: the raw one is there. Interface thread.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.dictation.own_words import own_words
from app.window.dictation.line import Line
from app.window.preferences import Preferences
from engine import messages as m
from engine.speech.cleanup import worth_waiting

_REMEMBERED = 8


class Tidying(QObject):
    """done: with the dictation of the store and its tidied text, "" where the raw one stays.

    model: what tidies now, as the engine is asked for it; "" when there is none.
    """

    done = Signal(int, str)

    def __init__(
        self, line: Line, preferences: Preferences, model: Callable[[], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._line, self._preferences, self._model = line, preferences, model
        self._numbers = itertools.count(1)
        self._asked: dict[str, int] = {}
        self._earlier: list[tuple[int, float]] = []
        self._stayed: dict[int, str] = {}
        line.arrived.connect(self._take)

    def begin(self, dictation: int, text: str) -> bool:
        """Whether there will be a `done` for it: the person wants it, and a model is there."""
        self.cancel(dictation)
        self._stayed.pop(dictation, None)
        now, model = self._preferences.now, self._model()
        if not now.tidy_dictated or not model:
            return False
        request = f"tidying-{next(self._numbers)}"
        self._asked[request] = dictation
        names = own_words(now.own_words).names
        self._line.send(m.CleanUp(request, model, text, names, self._preferences.memory))
        return True

    def is_soon(self, text: str) -> bool:
        """Likely done so fast that one waits for it, as those before were."""
        return worth_waiting(text, self._earlier)

    def cancel(self, dictation: int) -> None:
        """Nothing is told of it any more."""
        for request in [request for request, its in self._asked.items() if its == dictation]:
            del self._asked[request]
            self._line.send(m.Cancel(request))

    def working(self) -> set[int]:
        """Dictations that are being tidied now."""
        return set(self._asked.values())

    def why_not(self, dictation: int) -> str:
        """Why its raw text stayed when it was last tried, as a sentence; "" for no reason. Not kept on disk."""
        return self._stayed.get(dictation, "")

    def _take(self, events: list[tuple[float, m.Event]]) -> None:
        for _when, event in events:
            if isinstance(event, m.EngineStopped):
                for request in list(self._asked):
                    self._end(request, why=event.sentence)
            elif isinstance(event, m.CleanedUp) and event.request in self._asked:
                self._earlier = [*self._earlier, (len(event.raw), event.seconds)][-_REMEMBERED:]
                self._end(event.request, "" if event.why or event.text == event.raw else event.text, _refused(event))
            elif isinstance(event, m.Failed) and event.request in self._asked:
                self._end(event.request, why=event.sentence)

    def _end(self, request: str, tidied: str = "", why: str = "") -> None:
        dictation = self._asked.pop(request)
        if why:
            self._stayed[dictation] = why
        self.done.emit(dictation, tidied)


def _refused(event: m.CleanedUp) -> str:
    return f"What the model made of it was not taken: {event.why}." if event.why else ""
