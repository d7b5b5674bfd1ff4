"""A dictation without a machine: a line that only notes, microphones that do as told, what the engine would say."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine import messages as m


class Line(QObject):
    """In place of the line to the engine."""

    arrived = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[m.Command] = []

    def send(self, command: m.Command) -> None:
        self.sent.append(command)

    def give(self, *events: m.Event) -> None:
        self.arrived.emit([(0.0, event) for event in events])

    def of(self, kind):
        return [command for command in self.sent if isinstance(command, kind)]

    @property
    def request(self) -> str:
        return str(self.of(m.Dictate)[-1].request)

    def heard(self, request: str = "") -> bytes:
        request = request or self.request
        return b"".join(command.pcm for command in self.of(m.Hear) if command.request == request)


def transcript(text: str, recogniser: str = "A recogniser") -> m.Transcript:
    spoken = tuple(m.SpokenWord(f" {word}", n, n + 0.5) for n, word in enumerate(text.split(" ")) if word)
    return m.Transcript(spoken, "en", recogniser, 2.0, 1.5)


def written(request: str, text: str) -> m.Transcribed:
    return m.Transcribed(request, transcript(text))
