"""From the key's release to inserted text, without the engine's own time, through the app's own dictation: the device
stops, the rest goes to disk and over the line, the text comes back, is worded and stored, and the keys are pressed.
Device, clipboard and keys are fakes.
"""

from __future__ import annotations

import queue
import time

import numpy as np

from app.lab.bench.figures import Figure
from app.lab.bench.stage import wait_for
from app.lab.voice import around
from app.lab.voice.microphone import CHANNELS, RATE, Played
from app.store.store import Store
from app.window.dictation.dictating import Dictating
from app.window.engine_line import EngineLine
from app.window.preferences import Preferences
from engine import messages as m

GOAL = 0.12
_SAID = "so um we meet at ten comma and then we go to the station full stop"
_SECONDS = 4
_BLOCK = RATE // 50


class Instant:
    """An engine that needs no time: words stand as soon as speech ends. Keeps engine.link.Engine."""

    def __init__(self) -> None:
        self._events: queue.SimpleQueue[m.Event] = queue.SimpleQueue()
        self._words = tuple(m.SpokenWord(f" {word}", n / 4, n / 4 + 0.2) for n, word in enumerate(_SAID.split()))

    def send(self, command: m.Command) -> None:
        if isinstance(command, m.EndOfSpeech):
            self._events.put(m.Transcribed(command.request, m.Transcript(self._words, "en", "instant", 4.0, 4.0)))

    def get(self, timeout: float | None = None) -> m.Event | None:
        try:
            return self._events.get(timeout != 0, timeout)
        except queue.Empty:
            return None

    def close(self) -> None:
        self._events.put(m.EngineStopped())


def measure(takes: int) -> Figure:
    """In Cadre's folder as it is set: a scratch one."""
    line, store, preferences, played = EngineLine(Instant), Store(), Preferences(), Played()
    preferences.set(spoken_signs=True, keep_recordings=0)
    dictating = Dictating(line, store, preferences, around.parts(), microphones=played)
    try:
        seconds = [_take(dictating, played) for _ in range(takes + 1)]
    finally:
        dictating.close()
        line.close()
        store.close()
    said = "Key release to inserted text, without the engine's time"
    return Figure(said, "s", GOAL, tuple(seconds[1:]))  # the first one starts the engine


def _take(dictating: Dictating, played: Played) -> float:
    dictating.begin()
    block = memoryview((np.ones((_BLOCK, CHANNELS)) * 300).astype(np.int16).tobytes())
    for at in range(_SECONDS * 50):
        played.play(block)
        if at % 3 == 0:
            dictating.pump()
    begun = time.perf_counter()
    dictating.end()
    wait_for(dictating.delivering.pasting.pressed)
    took = time.perf_counter() - begun
    dictating.delivering.pasting.end()
    return took
