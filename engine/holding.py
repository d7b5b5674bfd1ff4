"""What the engine holds in memory and who gives way to whom: the open model, what is kept of a conversation,
recognisers, a voice. Engine thread.

One model is open at a time. Banks shrink before a recogniser or a voice is refused, and what nobody uses is given back
after a while, at once when memory is short. Decides nothing of a request: budgets do (engine/budget).
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine import messages as m
from engine.errors import KnownError
from engine.speech.desk import Desk
from engine.speech.speaker import Speaker

if TYPE_CHECKING:
    from engine.budget.pressure import Gauge
    from engine.generation.answer import Answer
    from engine.generation.conversation import Conversation
    from engine.generation.opened import Opened

log = logging.getLogger(__name__)

Emit = Callable[[m.Event], None]
Work = m.Ask | m.Measure | m.Transcribe | m.CleanUp
"""What runs by itself from its beginning to its end; dictations are worked on in between."""


class Holding:
    """running: the host's, what it runs with the answer of each, the innermost last.

    kept: conversations by name, for their next turn. base: bytes of the process before any model. asked_at, spoken_at:
    when a request ended and something was heard or spoken last.
    """

    def __init__(self, emit: Emit, gauge: Gauge, running: Sequence[tuple[Work, Answer | None]]) -> None:
        self._emit, self._gauge, self._running = emit, gauge, running
        self.desk = Desk(emit, room=self._room_to_listen)
        self.speaker = Speaker(emit, gauge.now, room=self._room_to_speak)
        self.opened: Opened | None = None
        self.kept: dict[str, Conversation] = {}
        self.base = 0
        self.asked_at = self.spoken_at = 0.0

    def begin(self) -> None:
        """Before anything is held."""
        from engine.budget.footprint import footprint

        self.base = footprint()

    @property
    def anything(self) -> bool:
        return self.opened is not None or self.speech > 0

    def rest(self) -> None:
        """All is given back; what is asked for next loads anew."""
        self.unload()
        self.desk.rest()
        self.speaker.rest()

    def close(self) -> None:
        self.desk.close()
        self.speaker.close()
        self.unload()

    # --- the model ----------------------------------------------------------------------------------------

    def open(self, ask: m.Ask, pulse: Callable[[], None]) -> Opened:
        """The asked model, opened unless it is. pulse: called while it loads; raises to stop that."""
        from engine.generation.opened import open_model
        from engine.models.catalogue import resolve

        path = resolve(ask.model)
        paused = self.is_interrupted()  # it goes on with the model as it was opened, so that one stays
        if self.opened is not None and self.opened.path == path and (paused or self.opened.unchanged()):
            return self.opened
        self.unload()
        self._emit(m.ModelLoading(ask.request, path.name, 0, 0))

        def progress(done: int, of: int) -> None:
            self._emit(m.ModelLoading(ask.request, path.name, done, of))
            pulse()

        self.opened = opened = open_model(path, progress, self._check_fits(ask))
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
        limit = self.limit(ask)

        def check(dense: int) -> None:
            if self.base + dense + self.speech > limit:
                self.desk.rest()
                self.speaker.rest()
            need = self.base + dense + self.speech
            if need > limit:
                raise KnownError(
                    f"The model's dense weights alone need {need / 1e9:.1f} GB and {limit / 1e9:.1f} GB may be used.",
                    f"Allow more than {need / 1e9:.1f} GB, close other apps, or choose a smaller model.",
                )

        return check

    def is_interrupted(self) -> bool:
        """Whether an answer waits for another to end, and goes on with the model that is open."""
        return any(answer is not None for _, answer in self._running)

    def limit(self, ask: m.Ask) -> int:
        """Bytes this process may hold in all; what the open model holds already counts as room."""
        from engine.budget.footprint import room
        from engine.budget.governor import limit

        reading = self._gauge.read()
        return limit(ask.memory, room(reading.available), reading.level)

    def is_open(self, model: str) -> bool:
        from engine.models.catalogue import resolve

        try:
            return self.opened is not None and resolve(model) == self.opened.path
        except KnownError:
            return False

    # --- memory -------------------------------------------------------------------------------------------

    @property
    def speech(self) -> int:
        """Bytes that recognisers and a voice may hold."""
        return self.desk.nbytes + self.speaker.nbytes

    def _room_to_listen(self, recognisers: int) -> None:
        """Recognisers are about to take so many bytes in all, or take so many from now on."""
        self._make_room(recognisers + self.speaker.nbytes, "Listening", "recogniser")

    def _room_to_speak(self, voice: int) -> None:
        self._make_room(self.desk.nbytes + voice, "Speaking with this voice", "voice")

    def _make_room(self, speech: int, what: str, smaller: str) -> None:
        """speech: bytes of recognisers and voice in all. The banks shrink first.

        Raises:
            KnownError: they do not fit.
        """
        from engine.budget.footprint import footprint, give_back_freed

        more = speech - self.speech
        answers = [answer for _, answer in self._running if answer is not None]
        for answer in reversed(answers):
            answer.share(speech, running=answer is self._running[-1][1])
        if answers and self._running[-1][1] is None:  # all are set aside, as for a file: nobody else uses the banks
            answers[-1].fit()
        if more <= 0 or answers:
            return
        if self.opened is not None and more > self._gauge.room() - footprint():
            self.opened.give_back_banks()
            give_back_freed()
        if more > self._gauge.room() - footprint():
            self.unload()
            give_back_freed()
        if more > (free := self._gauge.room() - footprint()):
            raise KnownError(
                f"{what} needs {more / 1e9:.1f} GB of memory and {max(0, free) / 1e9:.1f} GB may be used.",
                f"Close other apps, or choose a smaller {smaller}.",
            )

    def _rest_speech(self) -> None:
        """What nobody listens or speaks with goes like a model's dense weights: loading it delays the next word."""
        from engine.budget.governor import Kept, kept

        holders: tuple[tuple[str, Desk | Speaker], ...] = (("recogniser", self.desk), ("voice", self.speaker))
        idle = [(what, holder) for what, holder in holders if holder.nbytes and not holder.busy]
        if not idle:
            return
        keep, why = kept(self._gauge.now() - max(self.asked_at, self.spoken_at), self._gauge.read())
        if keep is not Kept.NOTHING:
            return
        for what, holder in idle:
            held = holder.nbytes
            holder.rest()
            log.info("%s given back: %s", what, why)
            self._emit(m.Released(holder.named, what, held, why))

    def give_back(self) -> None:
        """Nobody asks: after a while the banks go, then everything; at once when memory is short."""
        from engine.budget.footprint import footprint, give_back_freed
        from engine.budget.governor import Kept, kept

        self._rest_speech()
        if self.opened is None:
            return
        keep, why = kept(self._gauge.now() - self.asked_at, self._gauge.read())
        if keep is Kept.ALL or (keep is Kept.DENSE and not self.opened.has_banks()):
            return
        name, before = self.opened.name, footprint()
        if keep is Kept.DENSE:
            self.opened.give_back_banks()
        else:
            self.unload()
        give_back_freed()
        what = "banks" if keep is Kept.DENSE else "model"
        log.info("%s given back: %s", what, why)
        self._emit(m.Released(name, what, max(0, before - footprint()), why))

    def unload(self) -> None:
        import mlx.core as mx

        if self.opened is not None:
            self.opened.close()
        self.opened = None
        self.kept.clear()
        gc.collect()  # a model's modules know each other
        mx.clear_cache()
