"""What is left behind by many dictations, ended or cancelled: threads, open files, recordings, memory."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import psutil

from app.audio.recorder import Recorder
from app.audio.spool import Spool
from app.lab.bench.figures import Figure
from app.lab.voice.microphone import CHANNELS, RATE, Played
from app.lab.voice.talking import Talking
from engine import messages as m
from engine.budget.footprint import footprint
from engine.link import Engine

_WARM = 10
"""Before counting: what is made once and kept is no leak."""
_MOST_GROWTH = 20_000_000
"""Bytes over all cycles that count as none: allocators keep some."""


def measure(engine: Engine, talking: Talking, cycles: int, folder: Path) -> Figure:
    desk = _Desk(engine, talking, Spool(folder / "cycles"))
    for number in range(_WARM):
        desk.cycle(number)
    before = _held(folder)
    for number in range(_WARM, _WARM + cycles):
        desk.cycle(number)
    after = _held(folder)
    left = {name: after[name] - before[name] for name in before}
    grown = left.pop("memory")
    count = float(sum(max(0, value) for value in left.values()) + (grown > _MOST_GROWTH))
    details = (("cycles", cycles), ("left", left), ("memory_grown", grown))
    return Figure(f"Left behind by {cycles} dictations", "count", 0.0, (count,), "worst", details)


class _Desk:
    def __init__(self, engine: Engine, talking: Talking, spool: Spool) -> None:
        self._engine, self._talking, self._spool = engine, talking, spool
        tone = np.sin(np.arange(RATE // 5) * 0.05)[:, None] * np.ones(CHANNELS)
        self._sound = memoryview((tone * 8_000).astype(np.int16).tobytes())

    def cycle(self, number: int) -> None:
        """By turns: to its end, cancelled while recording, cancelled while it is written down."""
        request, played = f"cycle-{number}", Played()
        recorder = Recorder(played, self._spool)
        recorder.start()
        self._engine.send(m.Dictate(request))
        played.play(self._sound)
        self._engine.send(m.Hear(request, recorder.pump().pcm))
        if number % 3 == 1:
            recorder.cancel()
            self._end(m.Cancel(request))
            return
        recording, rest = recorder.stop()
        self._engine.send(m.Hear(request, rest))
        self._end(m.EndOfSpeech(request) if number % 3 == 0 else m.Cancel(request))
        recording.accept()

    def _end(self, command: m.EndOfSpeech | m.Cancel) -> None:
        self._engine.send(command)
        wanted = m.Transcribed if isinstance(command, m.EndOfSpeech) else m.Failed
        self._talking.ended(command.request, wanted)


def _held(folder: Path) -> dict[str, int]:
    gc.collect()
    process = psutil.Process()
    return {
        "threads": threading.active_count(),
        "files": process.num_fds(),
        "recordings": len(list(folder.rglob("*.pcm"))),
        "memory": footprint(),
    }
