"""From the key's release to inserted text, without the engine's own time: the device stops, the rest goes to disk and
over the line, the text comes back, is worded and handed to a paste that only notes.
"""

from __future__ import annotations

import queue
import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.audio.recorder import Recorder
from app.audio.spool import Spool
from app.lab.bench.figures import Figure
from app.lab.bench.stage import wait_for
from app.lab.voice.microphone import CHANNELS, RATE, Played
from app.window.engine_line import EngineLine
from engine import messages as m
from engine.speech import wording

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


class _Inserting(QObject):
    """What the app does with a text, up to the paste."""

    inserted = Signal()

    def __init__(self, line: EngineLine) -> None:
        super().__init__()
        self.text = ""
        line.arrived.connect(self._take)

    def _take(self, events: list[tuple[float, m.Event]]) -> None:
        for _when, event in events:
            if isinstance(event, m.Transcribed):
                words = wording.with_signs(wording.without_fillers(event.transcript.words))
                self.text = "".join(word.text for word in words).strip()
                self.inserted.emit()


def measure(takes: int, folder: Path) -> Figure:
    line = EngineLine(Instant)
    try:
        inserting = _Inserting(line)
        seconds = [_take(line, inserting, folder / "release", number) for number in range(takes + 1)]
    finally:
        line.close()
    said = "Key release to inserted text, without the engine's time"
    return Figure(said, "s", GOAL, tuple(seconds[1:]))  # the first one starts the engine


def _take(line: EngineLine, inserting: _Inserting, folder: Path, number: int) -> float:
    played, request = Played(), f"release-{number}"
    recorder = Recorder(played, Spool(folder))
    recorder.start()
    line.send(m.Dictate(request))
    block = memoryview((np.ones((_BLOCK, CHANNELS)) * 300).astype(np.int16).tobytes())
    for at in range(_SECONDS * 50):
        played.play(block)
        if at % 3 == 0:
            line.send(m.Hear(request, recorder.pump().pcm))
    begun = time.perf_counter()
    recording, rest = recorder.stop()
    line.send(m.Hear(request, rest))
    line.send(m.EndOfSpeech(request))
    wait_for(inserting.inserted)
    took = time.perf_counter() - begun
    recording.accept()
    return took
