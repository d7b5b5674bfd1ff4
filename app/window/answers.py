"""Answers under way: asks the engine, gathers what comes, writes it to the store as it streams.

Knows no widgets. A window shows what it is told by signals; it may look at another chat meanwhile.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from app import view
from app.attachments.file import pictures, sounds, with_files, with_names
from app.markdown.thinking import parted
from app.record import as_json
from app.store.replays import KEPT
from app.store.rows import Attached, Json, Message, Placed, Role, Settings, State
from app.store.store import Store
from app.view import View
from app.window.engine_line import EngineLine
from app.window.replay import packed, unpacked
from app.window.senses import UNKNOWN, Sense
from app.window.timeline import Timeline
from engine import messages as m

WRITE_SECONDS = 0.5
"""At most this much of an answer is lost to a sudden end."""
WAITING = "Waiting for the other answer"


@dataclass
class Answer:
    """One being written. pieces: its text so far. stopping: the person wants no more of it."""

    request: str
    message: Message
    model: str
    view: View
    timeline: Timeline
    pieces: list[str] = field(default_factory=list)
    stopping: bool = False
    written: float = 0.0

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Answers(QObject):
    """Signals carry the id of the answer's message. grew: with the text that came since."""

    began = Signal(int)
    grew = Signal(int, str)
    moved = Signal(int)
    ended = Signal(int)
    engine_stopped = Signal(str)

    def __init__(
        self,
        store: Store,
        line: EngineLine,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
        memory: Callable[[], int | None] = lambda: None,
    ) -> None:
        """memory: the most bytes an answer may hold, asked for each; None: what the machine can give."""
        super().__init__(parent)
        self._store = store
        self._memory = memory
        self.sense: Callable[[str], Sense] = lambda _model: UNKNOWN
        """What is known of a model's senses."""
        self._line = line
        self._clock = clock
        self._numbers = itertools.count(1)
        self._running: dict[str, Answer] = {}
        self._last: dict[int, tuple[View, Timeline]] = {}
        self._views: dict[str, View] = {}
        line.arrived.connect(self._take)

    # --- asking -------------------------------------------------------------------------------------------

    def ask(
        self,
        path: Sequence[Placed],
        settings: Settings,
        model: str,
        harder: int = 0,
        priority: m.Priority = m.Priority.CHAT,
    ) -> Message:
        """Answer the last message of the path, which the person wrote. harder: steps up, see messages.Ask."""
        question = path[-1].message
        answer = self._store.tree.begin_answer(question.chat, question.id)
        request = f"answer-{next(self._numbers)}"
        now = self._clock()
        began = view.begin(self._views.get(model), now)
        if self._running:
            began = replace(began, stage=WAITING)
        self._running[request] = Answer(request, answer, model, began, Timeline.begin(now), written=now)
        command = self._command(request, path, settings, model)
        self._line.send(replace(command, harder=harder, priority=priority, memory=self._memory()))
        self.began.emit(answer.id)
        return answer

    def stop(self, message: int) -> None:
        """What was written stays; nothing more of it is shown from now on."""
        answer = self.running(message)
        if answer is not None and not answer.stopping:
            answer.stopping = True
            self._line.send(m.Cancel(answer.request))
            self.moved.emit(message)

    def _command(self, request: str, path: Sequence[Placed], settings: Settings, model: str) -> m.Ask:
        sense = self.sense(model) if _has_media(path[:-1]) else UNKNOWN
        said = [self._said(placed.message, UNKNOWN if placed is path[-1] else sense) for placed in path]
        turns = [turn for turn in said if turn.content or turn.images or turn.audio]
        if settings.system.strip():
            turns.insert(0, m.Turn("system", settings.system))
        return m.Ask(
            request=request,
            model=model,
            turns=tuple(turns),
            mode=_mode(settings.mode),
            budget=settings.budget,
            max_tokens=settings.max_tokens,
            sampling=m.Sampling(temperature=settings.temperature),
            conversation=f"chat-{path[-1].message.chat}",
            attachments=tuple(map(_attachment, path[-1].message.attached)),
        )

    def _said(self, message: Message, sense: Sense) -> m.Turn:
        """With the files that came along. What earlier answers thought is not said again.

        sense: the model's, for whom an earlier picture or sound must not be in the way.
        """
        if message.role is Role.ASSISTANT:
            return m.Turn(message.role.value, parted(message.text).answer)
        files = self._store.files.of(message.id) if message.attached else ()
        lost = [file for file in files if file.parts and (sense.is_blind if file.is_seen else sense.is_deaf)]
        taken = [file for file in files if file not in lost]
        text = with_files(with_names(message.text, lost), taken)
        return m.Turn(message.role.value, text, pictures(taken), sounds(taken))

    # --- looking ------------------------------------------------------------------------------------------

    def running(self, message: int) -> Answer | None:
        return next((answer for answer in self._running.values() if answer.message.id == message), None)

    def running_in(self, chat: int) -> Answer | None:
        return next((answer for answer in self._running.values() if answer.message.chat == chat), None)

    def latest(self) -> Answer | None:
        return next(reversed(self._running.values()), None)

    def seen(self, message: int) -> tuple[View, Timeline] | None:
        """How a message came to be; only of the last KEPT, also of an earlier run's."""
        answer = self.running(message)
        if answer is not None:
            return answer.view, answer.timeline
        if message not in self._last and (kept := self._store.replays.get(message)) is not None:
            seen = unpacked(kept)
            if seen is not None:
                self._remember(message, *seen)
        return self._last.get(message)

    def written(self, message: int) -> tuple[str, bool]:
        """The text of one that has ended, and whether it came to its end."""
        found = self._store.tree.get(message)
        return found.text, found.state is State.DONE

    def _remember(self, message: int, view: View, timeline: Timeline) -> None:
        self._last[message] = (view, timeline)
        while len(self._last) > KEPT:
            del self._last[next(iter(self._last))]

    # --- events -------------------------------------------------------------------------------------------

    def _take(self, events: list[tuple[float, m.Event]]) -> None:
        """A batch: each answer is told of at most once."""
        grown: dict[str, list[str]] = {}
        moved: dict[str, None] = {}
        for when, event in events:
            if isinstance(event, m.EngineStopped):
                self._engine_gone(event.sentence)
                continue
            answer = self._running.get(event.request)
            if answer is None:
                continue
            self._follow(answer, event, when)
            moved[event.request] = None
            if isinstance(event, m.Token) and event.text and not answer.stopping:
                answer.pieces.append(event.text)
                grown.setdefault(event.request, []).append(event.text)
            elif isinstance(event, m.Finished | m.Failed):
                self._tell(answer, grown.pop(event.request, []))
                moved.pop(event.request)
                self._end(answer, event)
        for request in moved:
            self._tell(self._running[request], grown.get(request, []))

    def _follow(self, answer: Answer, event: m.Event, when: float) -> None:
        answer.view = view.reduce(answer.view, event, when)
        answer.timeline = answer.timeline.after(event, when)

    def _tell(self, answer: Answer, pieces: list[str]) -> None:
        if pieces:
            self.grew.emit(answer.message.id, "".join(pieces))
            self._write(answer)
        self.moved.emit(answer.message.id)

    def _write(self, answer: Answer) -> None:
        now = self._clock()
        if now - answer.written >= WRITE_SECONDS:
            answer.written = now
            self._store.tree.write(answer.message.id, answer.text)

    # --- ends ---------------------------------------------------------------------------------------------

    def _end(self, answer: Answer, event: m.Finished | m.Failed) -> None:
        if isinstance(event, m.Finished):
            state = State.STOPPED if event.record.finish == "cancelled" else State.DONE
            text = answer.text if answer.stopping else event.record.text
            self._finish(answer, text, state, record=_stored(event.record))
        elif answer.stopping and event.known:
            self._finish(answer, answer.text, State.STOPPED)
        else:
            failure: Json = {"known": event.known, "sentence": event.sentence, "next_step": event.next_step}
            self._finish(answer, answer.text, State.FAILED, failure=failure)

    def _finish(
        self, answer: Answer, text: str, state: State, record: Json | None = None, failure: Json | None = None
    ) -> None:
        message = answer.message.id
        self._store.tree.finish(message, text, state, record, failure)
        self._store.chats.touch(answer.message.chat)
        self._store.tidy()
        del self._running[answer.request]
        self._remember(message, answer.view, answer.timeline)
        self._store.replays.keep(message, packed(answer.view, answer.timeline))
        self._views[answer.model] = answer.view
        self.ended.emit(message)

    def _engine_gone(self, sentence: str) -> None:
        """What it knew of experts in memory is gone with it."""
        self._views.clear()
        for answer in list(self._running.values()):
            failure: Json = {"known": True, "sentence": sentence or "The engine stopped.", "next_step": "Ask again."}
            self._finish(answer, answer.text, State.FAILED, failure=failure)
        if sentence:
            self.engine_stopped.emit(sentence)

    def close(self) -> None:
        """The app ends: what is under way is stopped and kept as far as it got."""
        for answer in list(self._running.values()):
            self._store.tree.finish(answer.message.id, answer.text, State.STOPPED)
        self._running.clear()


def _has_media(path: Sequence[Placed]) -> bool:
    return any(file.parts for placed in path for file in placed.message.attached)


def _attachment(file: Attached) -> m.Attachment:
    if file.is_heard:
        return m.Attachment.AUDIO
    return m.Attachment.IMAGE if file.is_seen else m.Attachment.DOCUMENT


def _mode(name: str) -> m.Mode:
    """A chat may come from a file, or from another Cadre with other modes."""
    return m.Mode(name) if name in set(m.Mode) else m.Mode.AUTO


def _stored(record: m.Record) -> Json:
    """The text stands in the message; which experts were picked is too much to keep for each."""
    values = as_json(replace(record, selection=()))
    del values["text"], values["selection"]
    return values
