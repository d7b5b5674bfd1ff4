"""Whether sound is lost while the engine is busy: minutes of it, faster than a device gives it, from ring to disk.

The engine works in this very process, so it and the recording fight for the interpreter; in the app it has a process of
its own.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np

from app.audio.recorder import Recorder
from app.audio.spool import Spool
from app.lab.bench.figures import Figure
from app.lab.voice.microphone import CHANNELS, RATE, Played
from app.lab.voice.talking import Talking
from engine.speech.sound import RATE as WRITTEN

SPEED = 12.0
"""Times as fast as a device."""
_BLOCK = 0.02  # seconds of sound that a device gives at a time
_PUMP = 0.05  # seconds of sound between two pumps, as in the app


def measure(talking: Talking, seconds: float, folder: Path) -> Figure:
    talking.ask()
    talking.tokens(1)
    played = Played()
    recorder = Recorder(played, Spool(folder / "capture"))
    recorder.start()
    feeder = threading.Thread(target=_feed, args=(played, seconds), name="cadre-bench-device", daemon=True)
    begun = time.perf_counter()
    feeder.start()
    lost = 0
    while feeder.is_alive():
        lost = recorder.pump().lost
        talking.look()
        time.sleep(_PUMP / SPEED)
    lost = recorder.pump().lost
    took = time.perf_counter() - begun
    recording, _rest = recorder.stop()
    missing = abs(round(seconds * WRITTEN) - round(recording.seconds * WRITTEN))
    recording.accept()
    talking.stop()
    details = (("sound", seconds), ("took", took), ("missing_samples", missing))
    said = f"Frames lost in {seconds / 60:g} minutes of sound, {SPEED:g} times as fast, the engine busy"
    return Figure(said, "count", 0.0, (float(max(lost, missing)),), "worst", details)


def _feed(played: Played, seconds: float) -> None:
    """On a thread of its own, at its own pace, like a device: waits for nobody, catches up when it was held up."""
    frames = round(_BLOCK * RATE)
    block = (np.random.default_rng(0).standard_normal((frames, CHANNELS)) * 2_000).astype(np.int16).tobytes()
    begun = time.perf_counter()
    for number in range(round(seconds / _BLOCK)):
        due = begun + (number + 1) * _BLOCK / SPEED
        time.sleep(max(0.0, due - time.perf_counter()))
        played.play(memoryview(block))
