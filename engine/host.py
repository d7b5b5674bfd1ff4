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
from engine.errors import Cancelled, KnownError

if TYPE_CHECKING:
    from engine.generation.answer import Answer
    from engine.generation.conversation import Conversation
    from engine.generation.opened import Opened

log = logging.getLogger(__name__)

Receive = Callable[[float | None], m.Command | None]
"""The next command: waits at most so many seconds (0: not at all, None: for ever); None when there is none."""
Emit = Callable[[m.Event], None]


class Host:
    def __init__(self, receive: Receive, emit: Emit) -> None:
        self._receive = receive
        self._emit = emit
        self._waiting: list[m.Ask | m.Measure] = []
        self._cancelled: set[str] = set()
        self._running: list[tuple[m.Ask | m.Measure, Answer | None]] = []
        self._opened: Opened | None = None
        self._kept: dict[str, Conversation] = {}
        self._base = 0
        self._stopping = False

    def run(self) -> None:
        """Until Shutdown. Whatever goes wrong with a request ends that request only."""
        from engine.budget.footprint import footprint

        _set_up()
        self._base = footprint()
        while not self._stopping:
            if not self._waiting:
                self._take(self._receive(None))
            self._drain()
            if self._waiting and not self._stopping:
                self._serve(self._waiting.pop(self._most_urgent()))
        self._unload()
        _tear_down()
        self._emit(m.EngineStopped())

    # --- commands -----------------------------------------------------------------------------------------

    def _drain(self) -> None:
        while (command := self._receive(0)) is not None:
            self._take(command)

    def _take(self, command: m.Command | None) -> None:
        match command:
            case m.Ask() | m.Measure():
                self._waiting.append(command)
            case m.Cancel(request):
                self._cancel(request)
            case m.Reselect(request):
                for ask, answer in self._running:
                    if ask.request == request and answer is not None:
                        answer.reselect()
            case m.Unload():
                if not self._running:
                    self._unload()
            case m.Shutdown():
                self._stopping = True
                self._waiting.clear()
                self._cancelled |= {ask.request for ask, _ in self._running}
            case None:
                pass

    def _cancel(self, request: str) -> None:
        if any(ask.request == request for ask, _ in self._running):
            self._cancelled.add(request)
            return
        for ask in [a for a in self._waiting if a.request == request]:
            self._waiting.remove(ask)
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
        """Nothing is in flight: more urgent requests for the same model run here, to their end."""
        self._pulse()
        ask, answer = self._running[-1]
        while (urgent := self._more_urgent(ask)) is not None:
            self._waiting.remove(urgent)
            assert answer is not None
            self._emit(m.Paused(ask.request, urgent.request))
            answer.set_aside()
            self._serve(urgent)
            answer.take_up()
            self._pulse()

    def _more_urgent(self, running: m.Ask | m.Measure) -> m.Ask | None:
        asks = [a for a in self._waiting if isinstance(a, m.Ask) and isinstance(running, m.Ask)]
        fitting = [a for a in asks if a.priority > _priority(running) and self._is_open(a.model)]
        return max(fitting, key=lambda a: a.priority, default=None)

    # --- requests -----------------------------------------------------------------------------------------

    def _serve(self, command: m.Ask | m.Measure) -> None:
        self._running.append((command, None))
        try:
            if isinstance(command, m.Ask):
                self._answer(command)
            else:
                self._measure(command)
        except Cancelled:
            self._emit(m.Failed(command.request, True, "The request was cancelled.", ""))
        except KnownError as error:
            self._emit(m.Failed(command.request, True, error.sentence, error.next_step))
        except MemoryError:
            self._emit(
                m.Failed(command.request, True, "The memory ran out.", "Close other apps or ask for fewer experts.")
            )
        except Exception:
            log.exception("request %s failed", command.request)
            self._emit(
                m.Failed(
                    command.request,
                    False,
                    "Something went wrong inside Cadre; this is a bug.",
                    "Try again; the log has the details.",
                )
            )
        finally:
            self._running.pop()
            self._cancelled.discard(command.request)

    def _answer(self, ask: m.Ask) -> None:
        from engine.generation.answer import Answer

        begun = time.perf_counter()
        opened = self._open(ask)
        answer = Answer(ask, opened, self._base, _limit(ask), self._emit, self._between, self._pulse)
        answer.telling.clock.begun = begun
        answer.telling.clock.load = time.perf_counter() - begun
        self._running[-1] = (ask, answer)
        kept = self._kept.pop(ask.conversation, None) if ask.conversation else None
        record, conversation = answer.run(kept)
        if ask.conversation:
            self._kept = {ask.conversation: conversation}  # one: what is kept takes memory
        opened.remember()
        self._emit(m.Finished(ask.request, record))

    def _measure(self, command: m.Measure) -> None:
        from engine.lab.jobs import run_job

        self._unload()

        def progress(done: int, of: int, what: str, part: dict[str, Any] | None = None) -> None:
            self._emit(m.Measured(command.request, command.job, done, of, what, part=part))
            self._pulse()

        report = run_job(command.job, command.options, progress)
        self._emit(m.Measured(command.request, command.job, 1, 1, "", report))

    # --- the model ----------------------------------------------------------------------------------------

    def _open(self, ask: m.Ask) -> Opened:
        from engine.generation.opened import open_model
        from engine.models.catalogue import resolve

        path = resolve(ask.model)
        paused = len(self._running) > 1  # it goes on with the model as it was opened, so that one stays
        if self._opened is not None and self._opened.path == path and (paused or self._opened.unchanged()):
            return self._opened
        self._unload()
        self._emit(m.ModelLoading(ask.request, path.name, 0, 0))

        def progress(done: int, of: int) -> None:
            self._emit(m.ModelLoading(ask.request, path.name, done, of))
            self._pulse()

        self._opened = opened = open_model(path, progress, self._check_fits(ask))
        shape = opened.shape
        self._emit(
            m.ModelLoaded(
                ask.request,
                opened.name,
                len(opened.blocks),
                shape.experts,
                shape.router.experts_per_token,
                shape.slot_bytes,
                opened.load_seconds,
            )
        )
        return opened

    def _check_fits(self, ask: m.Ask) -> Callable[[int], None]:
        """Called with the dense bytes before they are read: refuse what cannot fit at all."""
        limit = _limit(ask)

        def check(dense: int) -> None:
            need = self._base + dense
            if need > limit:
                raise KnownError(
                    f"The model's dense weights alone need {need / 1e9:.1f} GB and {limit / 1e9:.1f} GB may be used.",
                    f"Allow more than {need / 1e9:.1f} GB, close other apps, or choose a smaller model.",
                )

        return check

    def _is_open(self, model: str) -> bool:
        from engine.models.catalogue import resolve

        try:
            return self._opened is not None and resolve(model) == self._opened.path
        except KnownError:
            return False

    def _unload(self) -> None:
        import mlx.core as mx

        if self._opened is not None:
            self._opened.close()
        self._opened = None
        self._kept.clear()
        mx.clear_cache()


def _priority(command: m.Ask | m.Measure) -> m.Priority:
    return command.priority if isinstance(command, m.Ask) else m.Priority.CHAT


def _limit(ask: m.Ask) -> int:
    """Bytes this process may hold in all; what the open model holds already counts as room."""
    from engine.budget.footprint import room

    return ask.memory if ask.memory is not None else room()


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
