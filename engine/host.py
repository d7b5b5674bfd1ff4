"""The engine: takes commands, schedules steps, emits events. One thread, which alone touches MLX.

A step is one token, or one stretch of prefill between two places where nothing is in flight. At each of them
the host looks at the commands: a cancel ends the request, a more urgent request runs to its end right there,
nested, and what it interrupted goes on unchanged. Requests of equal urgency wait their turn. Knows no transport:
`run` is given a function that gets commands and one that takes events.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine import messages as m
from engine.errors import Cancelled
from engine.failures import failed
from engine.holding import Emit, Holding, Work
from engine.vision.counter import Counter

if TYPE_CHECKING:
    from engine.budget.pressure import Sensors
    from engine.generation.answer import Answer

log = logging.getLogger(__name__)

Receive = Callable[[float | None], m.Command | None]
"""The next command: waits at most so many seconds (0: not at all, None: for ever); None when there is none."""

_IDLE_LOOK = 2.0
"""Seconds between two looks at the machine's memory while a model is open and nobody asks."""


class Host:
    """sensors: of this machine when None. clock: seconds, for what idles and for what grows back."""

    def __init__(
        self,
        receive: Receive,
        emit: Emit,
        sensors: Sensors | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        from engine.budget.pressure import Gauge, this_machine

        self._receive = receive
        self._emit = emit
        self._gauge = Gauge(sensors or this_machine(), clock)
        self._waiting: list[Work] = []
        self._cancelled: set[str] = set()
        self._running: list[tuple[Work, Answer | None]] = []
        self.holding = Holding(emit, self._gauge, self._running)
        self._desk, self._speaker = self.holding.desk, self.holding.speaker
        self._counter = Counter()
        self._to_count: list[m.CountMedia] = []
        self._stopping = False

    def run(self) -> None:
        """Until Shutdown. Whatever goes wrong with a request ends that request only."""
        _set_up()
        self.holding.begin()
        while not self._stopping:
            if not self._waiting and not self._desk.has_work and not self._to_count and not self._speaker.has_work:
                self._take(self._receive(_IDLE_LOOK if self.holding.anything else None))
            self._drain()
            self._write_down()
            self._speak()
            if not self._waiting:
                self.holding.give_back()
            if self._waiting and not self._stopping:
                self._serve(self._waiting.pop(self._most_urgent()))
                self.holding.asked_at = self._gauge.now()
        self.holding.close()
        _tear_down()
        self._emit(m.EngineStopped())

    # --- commands -----------------------------------------------------------------------------------------

    def _drain(self) -> None:
        while (command := self._receive(0)) is not None:
            self._take(command)

    def _take(self, command: m.Command | None) -> None:
        match command:
            case m.Ask() | m.Measure() | m.Transcribe() | m.CleanUp():
                self._waiting.append(command)
            case m.CountMedia():
                self._to_count.append(command)
            case m.Dictate() | m.Hear() | m.EndOfSpeech():
                self._desk.take(command)
            case m.Speak():
                self._speaker.take(command)
            case m.Cancel(request):
                self._cancel(request)
            case m.Reselect(request):
                self._reselect(request)
            case m.Unload():
                if not self._running:
                    self.holding.rest()
            case m.Shutdown():
                self._stopping = True
                self._waiting.clear()
                self._cancelled |= {ask.request for ask, _ in self._running}

    def _reselect(self, request: str) -> None:
        for ask, answer in self._running:
            if ask.request == request and answer is not None:
                answer.reselect()

    def _cancel(self, request: str) -> None:
        if any(ask.request == request for ask, _ in self._running):
            self._cancelled.add(request)
            return
        if self._desk.cancel(request) or self._speaker.cancel(request):
            return
        self._drop(self._waiting, request)
        self._drop(self._to_count, request)

    def _drop(self, queue: list[Any], request: str) -> None:
        for one in [one for one in queue if one.request == request]:
            queue.remove(one)
            self._emit(m.Failed(request, True, "The request was cancelled before it began.", ""))

    def _most_urgent(self) -> int:
        return max(range(len(self._waiting)), key=lambda i: (_priority(self._waiting[i]), -i))

    # --- steps --------------------------------------------------------------------------------------------

    def _pulse(self) -> None:
        """Something may be in flight: only look whether the running request was cancelled."""
        self._drain()
        ask, _ = self._running[-1]
        if ask.request in self._cancelled:
            raise Cancelled

    def _between(self) -> None:
        """Nothing is in flight: dictations get on, then a sentence that is to be spoken; more urgent requests that can
        run here do, to their end, and what the machine's memory asks for is done.
        """
        self._pulse()
        self._write_down()
        self._speak()
        ask, answer = self._running[-1]
        while (urgent := self._more_urgent(ask)) is not None:
            self._waiting.remove(urgent)
            self._emit(m.Paused(ask.request, urgent.request))
            if answer is not None:
                answer.set_aside()
            self._serve(urgent)
            if answer is not None:
                answer.take_up(self._gauge.read())
            self._pulse()
        if answer is not None:
            answer.heed(self._gauge.read())

    def _write_down(self) -> None:
        """All that was said so far, in every dictation; and what is asked about media, which is as quickly done."""
        while self._desk.has_work and not self._stopping:
            self._desk.step(self._drain)
            self.holding.spoken_at = self._gauge.now()
        while self._to_count and not self._stopping:
            self._count(self._to_count.pop(0))

    def _speak(self) -> None:
        """A turn only: what runs goes on."""
        if self._speaker.has_work and not self._stopping:
            self._speaker.turn()
            self.holding.spoken_at = self._gauge.now()

    def _count(self, command: m.CountMedia) -> None:
        try:
            self._emit(self._counter.count(command))
        except Exception as error:  # noqa: BLE001 -- it ends this request only, and is told
            self._emit(failed(command.request, error))

    def _more_urgent(self, running: Work) -> m.Ask | m.Transcribe | m.CleanUp | None:
        if isinstance(running, m.Measure):
            return None
        waiting = [w for w in self._waiting if not isinstance(w, m.Measure)]
        fitting = [w for w in waiting if w.priority > running.priority and self._can_run_now(w)]
        return max(fitting, key=lambda w: w.priority, default=None)

    def _can_run_now(self, work: m.Ask | m.Transcribe | m.CleanUp) -> bool:
        """An answer that was interrupted goes on with its model, so that one stays."""
        return isinstance(work, m.Transcribe) or not self.holding.is_interrupted() or self.holding.is_open(work.model)

    # --- requests -----------------------------------------------------------------------------------------

    def _serve(self, command: Work) -> None:
        self._running.append((command, None))
        try:
            match command:
                case m.Ask():
                    self._emit(m.Finished(command.request, self._answer(command, self._emit)))
                case m.CleanUp():
                    self._clean_up(command)
                case m.Transcribe():
                    transcript = self._desk.transcribe(command, self._between)
                    self._emit(m.Transcribed(command.request, transcript))
                case m.Measure():
                    self._measure(command)
        except Exception as error:  # noqa: BLE001 -- it ends this request only, and is told
            self._emit(failed(command.request, error))
        finally:
            self._running.pop()
            self._cancelled.discard(command.request)

    def _answer(self, ask: m.Ask, emit: Emit) -> m.Record:
        from engine.generation.answer import Answer

        begun = time.perf_counter()
        held = self.holding
        opened = held.open(ask, self._pulse)
        limit = held.limit(ask)
        answer = Answer(ask, opened, held.base, limit, emit, self._between, self._pulse, held.speech)
        answer.telling.clock.begun = begun
        answer.telling.clock.load = time.perf_counter() - begun
        self._running[-1] = (ask, answer)
        kept = held.kept.pop(ask.conversation, None) if ask.conversation else None
        record, conversation = answer.run(kept)
        if ask.conversation:
            held.kept = {ask.conversation: conversation}  # one: what is kept takes memory
        opened.remember()
        return record

    def _clean_up(self, command: m.CleanUp) -> None:
        """Its tokens are nobody's answer, so they are not told."""
        from engine.speech.cleanup import asking, polished

        begun = time.perf_counter()
        record = self._answer(asking(command), lambda _event: None)
        if record.finish == "cancelled":
            raise Cancelled
        took = polished(command.text, record.text)
        seconds = time.perf_counter() - begun
        self._emit(m.CleanedUp(command.request, command.text, took.text, took.why, seconds))

    def _measure(self, command: m.Measure) -> None:
        from engine.lab.jobs import run_job

        self.holding.unload()

        def progress(done: int, of: int, what: str, part: dict[str, Any] | None = None) -> None:
            self._emit(m.Measured(command.request, command.job, done, of, what, part=part))
            self._pulse()

        report = run_job(command.job, command.options, progress)
        self._emit(m.Measured(command.request, command.job, 1, 1, "", report))


def _priority(command: Work) -> m.Priority:
    return m.Priority.CHAT if isinstance(command, m.Measure) else command.priority


def _set_up() -> None:
    """Before MLX is imported: the fast BLAS. Then MLX itself, so that its memory is in the base."""
    from engine import blas

    blas.preload()
    import engine.generation.answer  # noqa: F401


def _tear_down() -> None:
    """MLX's streams belong to this thread: left to the interpreter's end they abort the process."""
    import mlx.core as mx

    mx.synchronize()
    mx.clear_streams()
