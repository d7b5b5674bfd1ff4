"""Cuts a stream of sound into utterances: what lies between two pauses, or a part of it when nobody pauses.

Silence, noise and clatter are left out here, so that no recogniser makes words of them. Engine thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.speech.gate import Closed, Gate, Opened, Rules
from engine.speech.sound import RATE, Samples
from engine.speech.voice_activity import FRAME, VoiceActivity


@dataclass(frozen=True)
class Part:
    """Sound of one utterance, the next after the part before. start: in seconds of the stream. last: it ends here."""

    samples: Samples
    start: float
    last: bool


class Utterances:
    """Feed pieces of any length; get the parts of speech in them as they come, without a gap within an utterance."""

    def __init__(self, activity: VoiceActivity, longest: float) -> None:
        """longest: seconds that one utterance may last."""
        self._activity = activity
        self._gate = Gate(Rules(longest=int(longest * RATE) // FRAME))
        self._rest: Samples = np.zeros(0, np.float32)  # less than a frame, not looked at yet
        self._kept: list[Samples] = []  # frames that were looked at and not given
        self._heard = 0
        activity.reset()

    @property
    def speaking(self) -> bool:
        return self._gate.is_open

    @property
    def seconds(self) -> float:
        """Of sound looked at so far."""
        return self._heard * FRAME / RATE

    def feed(self, samples: Samples) -> Iterator[Part]:
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // FRAME * FRAME
        self._rest = sound[whole:]
        for at in range(0, whole, FRAME):
            yield from self._frame(sound[at : at + FRAME])
        if self._gate.is_open and self._kept:
            yield self._give(last=False)

    def end(self) -> Iterator[Part]:
        """The stream is over; what is less than a frame counts as one."""
        if len(self._rest):
            yield from self._frame(np.pad(self._rest, (0, FRAME - len(self._rest))))
        if self._gate.end() is not None:
            yield self._give(last=True)

    def _frame(self, frame: Samples) -> Iterator[Part]:
        self._kept.append(frame)
        self._heard += 1
        match self._gate.feed(self._activity.feed(frame)):
            case Opened(first):
                self._drop(first)
            case Closed():
                yield self._give(last=True)
        if not self._gate.is_open:
            self._drop(self._gate.needed_from)

    def _give(self, *, last: bool) -> Part:
        """All that is kept; an utterance whose end was given already ends with an empty part."""
        start = self._heard - len(self._kept)
        frames, self._kept = self._kept, []
        samples = np.concatenate(frames) if frames else np.zeros(0, np.float32)
        return Part(samples, start * FRAME / RATE, last)

    def _drop(self, until: int) -> None:
        """Forgets kept frames before this one of the stream."""
        self._kept = self._kept[max(0, len(self._kept) - (self._heard - until)) :]
