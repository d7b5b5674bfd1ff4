"""Sentences to sound, one after the other, on a thread of its own. Knows no Qt, no Markdown and no device.

The next sentence is made while one is heard, so that there is no gap between them. What is under way when it is to be
silent is left off in the middle of a word; what was made for nothing is dropped.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.voice.voices import Spoken
from engine.errors import KnownError

log = logging.getLogger(__name__)


class Loudspeaker(Protocol):
    def start(self, spoken: Spoken) -> None:
        """Returns at once; nothing else is playing.

        Raises:
            KnownError: there is nothing to play through.
        """

    def wait(self) -> None:
        """Until what was started is over, or `stop` was called. Returns at once when nothing plays."""

    def stop(self) -> None:
        """At once, from any thread."""


class Hushable(Protocol):
    """What makes the sound, if that takes long enough to be left off."""

    def ready(self) -> None:
        """A sentence is wanted again."""

    def hush(self) -> None:
        """What is being made, and what is asked for until `ready`, is not wanted. From any thread, at once."""


@dataclass(frozen=True)
class Ended:
    """A reading is over: all was heard, or error says why not. Not told of one that was silenced."""

    reading: int
    error: KnownError | None = None


@dataclass(frozen=True)
class _Sentence:
    """text: None at the end of a reading."""

    reading: int
    text: str | None


class Aloud:
    """say: makes the sound of a sentence at a speed, on the thread. told: called there. maker: can leave one off."""

    def __init__(
        self,
        say: Callable[[str, float], Spoken],
        loudspeaker: Loudspeaker,
        told: Callable[[Ended], None],
        maker: Hushable | None = None,
    ) -> None:
        self._say, self._loudspeaker, self._told, self._maker = say, loudspeaker, told, maker
        self._sentences: queue.SimpleQueue[_Sentence | None] = queue.SimpleQueue()
        self._reading = 0
        self._lock = threading.Lock()  # between asking whether a reading is still wanted and starting its sound
        self._thread: threading.Thread | None = None
        self.speed = 1.0

    def begin(self) -> int:
        """A new reading, which silences the one before. The thread starts with the first."""
        self.silence()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="cadre-voice", daemon=True)
            self._thread.start()
        return self._reading

    def add(self, reading: int, sentence: str) -> None:
        self._sentences.put(_Sentence(reading, sentence))

    def end(self, reading: int) -> None:
        """No more sentences come; Ended is told when the last was heard."""
        self._sentences.put(_Sentence(reading, None))

    def silence(self) -> None:
        """What is being read ends here. From any thread; afterwards nothing of it is heard or told."""
        with self._lock:
            self._reading += 1
            self._loudspeaker.stop()
            if self._maker is not None:
                self._maker.hush()

    def close(self) -> None:
        """The thread is gone afterwards."""
        self.silence()
        if self._thread is not None:
            self._sentences.put(None)
            self._thread.join()
            self._thread = None

    # --- on the thread ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while (sentence := self._sentences.get()) is not None:
            if self._is_wanted(sentence):
                self._read(sentence)

    def _is_wanted(self, sentence: _Sentence) -> bool:
        with self._lock:  # who silences it from now on reaches what makes the sound
            wanted = sentence.reading == self._reading
            if wanted and self._maker is not None:
                self._maker.ready()
            return wanted

    def _read(self, sentence: _Sentence) -> None:
        try:
            spoken = None if sentence.text is None else self._say(sentence.text, self.speed)
            self._loudspeaker.wait()
            with self._lock:
                if spoken is not None and sentence.reading == self._reading:
                    self._loudspeaker.start(spoken)
        except KnownError as error:
            self._tell(Ended(sentence.reading, error))
        except Exception:
            log.exception("a sentence could not be read aloud")
            words = KnownError("The answer could not be read aloud; this is a bug.", "The log has the details.")
            self._tell(Ended(sentence.reading, words))
        else:
            if sentence.text is None:
                self._tell(Ended(sentence.reading))

    def _tell(self, ended: Ended) -> None:
        with self._lock:
            if ended.reading != self._reading:
                return
            self._reading += 1  # its other sentences are not read
        self._told(ended)
