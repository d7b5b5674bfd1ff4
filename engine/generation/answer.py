"""One request from its turns to its record: prepare, prefill, decode. Engine thread only.

Knows neither the command queue nor other requests: the host gives it two calls, `between` (nothing is in
flight: something more urgent may run, or Cancelled is raised) and `pulse` (only Cancelled), and takes its
events. What is decided beforehand is in planning.py, the prompt in prompt.py, the experts at work in serving.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache

from engine.budget.plan import Plan
from engine.budget.pressure import Reading
from engine.errors import Cancelled
from engine.experts.loader import Batch
from engine.generation.conversation import Conversation
from engine.generation.decode import Cursor, Decoder, ExactDecoder, ResidentDecoder
from engine.generation.governed import Change, Governed
from engine.generation.opened import Opened
from engine.generation.planning import Prepared, offer, prepare
from engine.generation.prompt import Prompt
from engine.generation.reselect import ASKED, WORTH, Reselection, Watch, too_low
from engine.generation.sampling import Sampler
from engine.generation.serving import Serving
from engine.generation.telling import Emit, Telling
from engine.generation.text import Stream
from engine.messages import Ask, Mode, Record
from engine.vision.families import Sense

REUSE_FROM = {Mode.EXACT: 1.0, Mode.BALANCED: 0.9}
"""The least coverage with which earlier turns' KV must have been made to be used again (design: engine rule 11)."""

_TELLING_BYTES = 16 << 20  # a smaller batch says little of the disk

Hook = Callable[[], None]


class Answer:
    """`run` once. `set_aside` and `take_up` around anything else that uses the model meanwhile."""

    def __init__(
        self,
        ask: Ask,
        opened: Opened,
        base: int,
        limit: int,
        emit: Emit,
        between: Hook,
        pulse: Hook,
        speech: int = 0,
    ) -> None:
        """speech: bytes that open recognisers take of the limit."""
        self.ask = ask
        self.telling = Telling(ask, opened, emit)
        self._opened = opened
        self._base = base
        self._limit = limit
        self._speech = speech
        self._host_between = between
        self._host_pulse = pulse
        self._watch = Watch(ask.reselect_every, fixed=ask.profile is not None)
        self._serving: Serving | None = None
        self._governed: Governed | None = None

    @property
    def plan(self) -> Plan | None:
        """What serves now; None before it is known."""
        return self._serving.plan if self._serving is not None else None

    def run(self, kept: Conversation | None) -> tuple[Record, Conversation]:
        """Answer. Returns what to keep for the next turn as well.

        Raises:
            KnownError: it cannot be done; nothing was lost but this answer.
        """
        opened, telling = self._opened, self.telling
        prepared = prepare(self.ask, opened, self._base, self._limit, self._speech, telling)
        telling.expected = prepared.expected
        if self.ask.profile is None:  # a given set stays as given
            self._watch.every = prepared.reselect_every
        self._watch.below = too_low(prepared.bearing)
        tokens = prepared.look.tokens
        conversation = self._continued(kept, prepared.plan, tokens)
        reused = len(conversation.tokens)
        telling.planned(prepared.plan, offer(opened, prepared.plan, len(tokens) - reused))
        self._serving = serving = Serving(opened, prepared.plan, prepared.fresh, self._wait)
        serving.use.slack = prepared.bearing.slack if prepared.bearing is not None else 0.0
        telling.counts(serving.use.traffic)
        self._governed = governed = Governed(opened, prepared.plan)
        prompt = Prompt(serving, prepared.look, prepared.piece, self._between, telling.notes.append)
        stream = Stream(opened.tokenizer, self.ask.stop)
        finish = "cancelled"
        try:
            self._between()  # the memory may be short already, before anything is read
            opened.resize(serving.plan.resident)
            self._prefill(serving, prompt, conversation, tokens)
            finish = self._decode(serving, conversation, prepared, stream)
        except Cancelled:
            pass  # what was made so far is the answer
        finally:
            serving.land()
        if note := governed.note():
            telling.notes.append(note)
        if piece := stream.finish():
            telling.rest(piece)
        return telling.record(finish, stream.text, _counted(prepared, prompt, reused)), conversation

    def reselect(self) -> None:
        """The set is chosen anew after the next token."""
        self._watch.asked = True

    def _continued(self, kept: Conversation | None, plan: Plan, prompt: list[int]) -> Conversation:
        """The kept conversation, cut to what this prompt shares with it, or a new one."""
        if kept is not None and kept.rewind(kept.usable(prompt, REUSE_FROM.get(plan.mode, 0.0))):
            return kept
        return Conversation(make_prompt_cache(self._opened.model))

    def _prefill(self, serving: Serving, prompt: Prompt, conversation: Conversation, tokens: list[int]) -> None:
        begun, reused = time.perf_counter(), len(conversation.tokens)
        prompt.fill(conversation, self.ask.profile)
        self.telling.prefilled(len(tokens) - reused, reused, time.perf_counter() - begun)

    # --- tokens -------------------------------------------------------------------------------------------

    def _decode(self, serving: Serving, conversation: Conversation, prepared: Prepared, stream: Stream) -> str:
        """Returns why it ended: stop or length."""
        prompt = prepared.look.tokens
        cursor = Cursor(conversation.caches, mx.array(prompt[-1:]), len(prompt), Sampler(self.ask.sampling))
        serving.decoder = decoder = self._first_decoder(serving, cursor)
        ends = set(self._opened.tokenizer.eos_token_ids)
        went_through = prompt[-1]
        for left in range(prepared.most - 1, -1, -1):
            taken = decoder.step(last=left == 0)
            conversation.extend([went_through], float(taken.coverage.mean()) if len(taken.coverage) else 1.0)
            went_through = taken.token
            ended = taken.token in ends
            self.telling.token(taken, "" if ended else stream.add(taken.token))
            if ended or stream.stopped:
                return "stop"
            self._between()
            serving.decoder = decoder = self._reconsidered(serving, decoder)
        return "length"

    def _first_decoder(self, serving: Serving, cursor: Cursor) -> Decoder:
        opened, mode = self._opened, serving.plan.mode
        if mode is Mode.EXACT:
            return ExactDecoder(opened, cursor, serving.exact(self._pulse))
        assert opened.resident is not None
        serving.reselection = reselection = Reselection(opened.residency, opened.resident)
        exact = serving.exact(self._pulse) if mode is Mode.BALANCED else None
        return ResidentDecoder(opened, cursor, self._wait, exact, serving.plan.resident, reselection.drop)

    def _reconsidered(self, serving: Serving, decoder: Decoder) -> Decoder:
        """Between two tokens: go on with the reselection, begin one, or give up on residents."""
        if not isinstance(decoder, ResidentDecoder) or serving.reselection is None:
            return decoder
        if decoder.dearer_than_exact():
            cursor = decoder.handover()
            serving.land()
            serving.route_by_all()
            self.telling.notes.append("Too much was missed: the rest was answered with every expert it wanted.")
            return ExactDecoder(self._opened, cursor, serving.exact(self._pulse))
        self._go_on_selecting(serving.reselection, serving.plan.resident)
        return decoder

    def _go_on_selecting(self, reselection: Reselection, count: int) -> None:
        if reselection.busy():
            reselection.advance()
            if not reselection.busy():
                self.telling.resident()
        elif why := self._watch.why(self.telling.coverage):
            planned = reselection.begin(self._opened.blocks, count, 0.0 if why == ASKED else WORTH)
            if planned or why == ASKED:  # who asked is answered, also when the set is the best already
                self.telling.reselecting(why, planned)
            if planned:
                reselection.advance()

    # --- while others run, and while memory gets short and free again ------------------------------------

    def set_aside(self) -> None:
        if self._serving is not None:
            self._serving.set_aside()

    def take_up(self, reading: Reading) -> None:
        """As it was before `set_aside`; or smaller, when memory is short now."""
        if self._serving is not None:
            self._decide(self._serving, reading, may_grow=False)
            self._serving.take_up()

    def heed(self, reading: Reading) -> None:
        """Fewer residents or more. Nothing is in flight but what `land` ends."""
        self.telling.pressure = reading.level
        if (serving := self._serving) is None or self._governed is None:
            return
        grown = serving.decoder is not None  # a prompt goes on with what it began with
        if (change := self._decide(serving, reading, may_grow=grown)) is not None:
            self._resize(serving, self._governed, change)

    def share(self, speech: int, *, running: bool) -> None:
        """So many bytes of the limit are a recogniser's from now on. running: False while another uses the model.

        Raises:
            KnownError: they do not fit. Nothing has changed.
        """
        serving, governed = self._serving, self._governed
        if serving is None or governed is None:
            self._speech = speech
            return
        change = governed.share(speech)
        if change is None:
            serving.plan = governed.plan
            self.telling.shared(serving.plan.memory)
            return
        self._tell(serving, governed, change)
        if running:
            self._resize(serving, governed, change)

    def fit(self) -> None:
        """While set aside: the banks have at once the size that `take_up` would give them."""
        if self.plan is not None:
            self._opened.resize(self.plan.resident)

    def _resize(self, serving: Serving, governed: Governed, change: Change) -> None:
        serving.land()
        if change.after < change.before:
            governed.shrink()
            if serving.by_residents and self._opened.resident is not None:
                self._opened.resident.refresh_all()
        else:
            self._opened.resize(change.after)
            if serving.by_residents:
                serving.install_hottest()
        self.telling.resident()

    def _decide(self, serving: Serving, reading: Reading, *, may_grow: bool) -> Change | None:
        """Everybody is told how many there are to be; the banks are not touched."""
        self.telling.pressure = reading.level
        if self._governed is None or (change := self._governed.heed(reading, may_grow=may_grow)) is None:
            return None
        self._tell(serving, self._governed, change)
        return change

    def _tell(self, serving: Serving, governed: Governed, change: Change) -> None:
        serving.resized(governed.plan)
        self.telling.resized(serving.plan.memory, change.before, change.after, change.why)

    def _between(self) -> None:
        self.telling.memory()
        self._host_between()

    def _pulse(self) -> None:
        self.telling.memory()
        self._host_pulse()

    def _wait(self, batch: Batch) -> None:
        begun = time.perf_counter()

        def progress(arrived: int) -> None:
            self._pulse()
            self.telling.loading(batch, arrived)

        late = batch.finished()
        batch.wait(progress)
        seconds = time.perf_counter() - begun
        self.telling.clock.waiting += seconds
        if not late and batch.nbytes >= _TELLING_BYTES:
            self._opened.read_rate += 0.2 * (batch.nbytes / max(seconds, 1e-6) - self._opened.read_rate)


def _counted(prepared: Prepared, prompt: Prompt, reused: int) -> dict[str, int]:
    """Tokens. encoded: media that went through an encoder; the others were kept from an earlier request."""
    look = prepared.look
    tokens = {"prompt": len(look.tokens), "reused": reused}
    if not look.parts:
        return tokens
    seen, heard = look.count(Sense.SIGHT), look.count(Sense.HEARING)
    return tokens | {"pictures": seen, "sounds": heard, "encoded": prompt.encoded}
