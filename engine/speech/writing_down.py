"""Sound through the gate to a recogniser and out as words: a file from its first second to its last. Engine thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.messages import SpokenWord, Transcribe, Transcribing, Transcript
from engine.speech.media import SoundFile
from engine.speech.recogniser import Hints, Pulse, Recogniser, Said, Utterance
from engine.speech.sound import RATE
from engine.speech.utterances import Part, Utterances
from engine.speech.voice_activity import VoiceActivity

_BROKE_OFF = "The file breaks off before its end; this is what could be read."
_NOTHING = "No speech was found."


class Writer:
    """Hands the parts of utterances to a recogniser and gathers what was said."""

    def __init__(self, recogniser: Recogniser, hints: Hints, pulse: Pulse) -> None:
        self._recogniser, self._hints, self._pulse = recogniser, hints, pulse
        self._open: Utterance | None = None
        self._start = 0.0
        self.words: list[SpokenWord] = []
        self.languages: dict[str, int] = {}
        self._samples = 0

    def take(self, part: Part) -> None:
        if self._open is None:
            self._open, self._start = self._recogniser.begin(self._hints), part.start
        self._samples += len(part.samples)
        self._open.hear(part.samples, self._pulse)
        if part.last:
            said = self._open.end(self._pulse).later(self._start)
            self._open = None
            self.words += said.words
            if said.language:
                self.languages[said.language] = self.languages.get(said.language, 0) + len(said.words)

    @property
    def speech(self) -> float:
        """Seconds of it so far."""
        return self._samples / RATE

    def guess(self) -> Said:
        """What the open utterance says so far."""
        return Said() if self._open is None else self._open.guess(self._pulse).later(self._start)

    def drop(self) -> None:
        if self._open is not None:
            self._open.drop()
            self._open = None

    def transcript(self, seconds: float, *notes: str) -> Transcript:
        language = max(self.languages, key=lambda name: self.languages[name], default=None)
        about = self._recogniser.caution if self.words else _NOTHING
        notes = (*notes, *([about] if about else []))
        name = self._recogniser.name
        return Transcript(tuple(self.words), language, name, seconds, min(self.speech, seconds), notes)


def transcribe(
    command: Transcribe,
    activity: VoiceActivity,
    recogniser: Recogniser,
    tell: Callable[[Transcribing], None],
    pulse: Pulse,
) -> Transcript:
    """Raises KnownError (no such file, no sound in it) and what pulse raises."""
    file = SoundFile(Path(command.path))
    utterances = Utterances(activity, recogniser.longest)
    writer = Writer(recogniser, Hints(command.language, command.words), pulse)
    samples = told = 0
    try:
        for piece in file.pieces():
            pulse()
            samples += len(piece)
            for part in utterances.feed(piece):
                writer.take(part)
            done = samples / RATE
            tell(Transcribing(command.request, done, max(done, file.about.seconds), tuple(writer.words[told:])))
            told = len(writer.words)
        for part in utterances.end():
            writer.take(part)
        done = samples / RATE
        tell(Transcribing(command.request, done, done, tuple(writer.words[told:])))
    finally:
        writer.drop()
        file.close()
    return writer.transcript(samples / RATE, *([_BROKE_OFF] if file.cut_short else []))
