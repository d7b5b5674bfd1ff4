"""One request from its turns to its record: encode, plan, select and prefill, decode. Engine thread only.

Knows neither the command queue nor other requests: the host gives it two calls, `between` (nothing is in
flight: something more urgent may run, or Cancelled is raised) and `pulse` (only Cancelled), and takes its
events.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache

from engine.budget.activations import FIXED, activations, piece_size
from engine.budget.difficulty import difficulty
from engine.budget.governor import keeping
from engine.budget.plan import Plan, Terms, Wish, plan
from engine.budget.presets import Asked, Choice, decide
from engine.budget.presets import load as load_presets
from engine.budget.pressure import Reading
from engine.budget.profile import Profile
from engine.budget.profile_store import read as stored_profile
from engine.budget.request import from_turns
from engine.budget.standard import Standard
from engine.errors import Cancelled, KnownError
from engine.experts.loader import Batch, wait_all
from engine.experts.residency import Use
from engine.generation.conversation import Conversation
from engine.generation.decode import Cursor, Decoder, ExactDecoder, ResidentDecoder
from engine.generation.governed import Change, Governed
from engine.generation.opened import Opened
from engine.generation.prefill import prefill
from engine.generation.profile import read_profile
from engine.generation.reselect import ASKED, Reselection, Watch
from engine.generation.sampling import Sampler
from engine.generation.telling import Emit, Telling
from engine.generation.text import Stream, encode, has_template
from engine.messages import Ask, Mode, Record
from engine.routing.block import Way
from engine.routing.exact import Exact
from engine.routing.predicting import Predicting, latest
from engine.routing.predictor import Predictor
from engine.routing.resident import Resident
from engine.routing.selecting import Selecting
from engine.vision.eyes import Look, Seen, longest_picture
from engine.vision.families import why_blind

ROOM_FOR_PIECE = 0.15
"""Share of the memory limit that a prefill piece may take, but at least LEAST_ROOM bytes."""
LEAST_ROOM = 400 << 20
LONG_READ = 8.0
"""Seconds of reading from which the faster way is offered (design: engine rule 7)."""
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
        self._use: Use | None = None
        self._watch = Watch(ask.reselect_every, fixed=ask.profile is not None)
        self._reselection: Reselection | None = None
        self._selecting: Selecting | Predicting | None = None
        self._exactly: Exact | None = None
        self._governed: Governed | None = None
        self._decoder: Decoder | None = None
        self._routed_by_residents = False
        self._saved: list[np.ndarray] = []
        self._profile: Profile | None = None
        self._look = Look([])
        self._seen = Seen()
        self._encoded = 0
        self.plan: Plan | None = None

    def run(self, kept: Conversation | None) -> tuple[Record, Conversation]:
        """Answer. Returns what to keep for the next turn as well.

        Raises:
            KnownError: it cannot be done; nothing was lost but this answer.
        """
        opened, telling = self._opened, self.telling
        self._look = self._read()
        prompt = self._look.tokens
        if not has_template(opened.tokenizer):
            telling.notes.append("The model has no chat template: the prompt was continued as plain text.")
        most = self._most_tokens(len(prompt))
        choice = self._chosen()
        planned = self._plan(self._look, most, choice)
        self.plan = self._keeping(planned)
        conversation = self._continued(kept, prompt)
        reused = len(conversation.tokens)
        telling.planned(self.plan, self._offer(len(prompt) - reused))
        self._use = opened.residency.begin()
        self._use.fresh = planned.resident
        telling.counts(self._use.traffic)
        self._governed = Governed(opened, self.plan)
        stream = Stream(opened.tokenizer, self.ask.stop)
        finish = "cancelled"
        try:
            self._between()  # the memory may be short already, before anything is read
            opened.resize(self.plan.resident)
            self._prefill(conversation, prompt)
            finish = self._decode(conversation, prompt, most, stream)
        except Cancelled:
            pass  # what was made so far is the answer
        finally:
            self._land()
        if note := self._governed.note():
            telling.notes.append(note)
        if piece := stream.finish():
            telling.rest(piece)
        return telling.record(finish, stream.text, self._tokens(reused)), conversation

    def _tokens(self, reused: int) -> dict[str, int]:
        """encoded: pictures that went through the encoder; the others were kept from an earlier request."""
        prompt = self._look.tokens
        pictures = {"pictures": sum(token < 0 for token in prompt), "encoded": self._encoded}
        return {"prompt": len(prompt), "reused": reused} | (pictures if self._look.pixels else {})

    def reselect(self) -> None:
        """The set is chosen anew after the next token."""
        self._watch.asked = True

    # --- before -------------------------------------------------------------------------------------------

    def _read(self) -> Look:
        """The prompt's tokens; a picture's are its fingerprint (`vision/eyes.py`)."""
        opened, turns = self._opened, self.ask.turns
        if not any(turn.images for turn in turns):
            return Look(encode(opened.tokenizer, turns))
        if opened.eyes is None:
            reason, remedy = why_blind(opened.checkpoint, opened.layout)
            raise KnownError(f"{opened.name} cannot see pictures: {reason}.", remedy)
        return opened.eyes.read(turns)

    def _most_tokens(self, prompt: int) -> int:
        context = self._opened.context
        if context and prompt >= context:
            raise KnownError(
                f"The prompt has {prompt} tokens and {self._opened.name} holds {context}.",
                "Shorten the prompt or start a new conversation.",
            )
        return min(self.ask.max_tokens, context - prompt) if context else self.ask.max_tokens

    def _chosen(self) -> Choice:
        """How hard the request seems, and what that gets."""
        ask, opened, presets = self.ask, self._opened, load_presets()
        stored = stored_profile(opened.checkpoint, opened.layout.experts)
        self._profile = stored.profile
        found = difficulty(from_turns(ask.turns, ask.priority, ask.attachments))
        asked = Asked(ask.budget, ask.mode, ask.reselect_every)
        choice = decide(found, presets, asked, known=opened.predictor is not None or stored.profile is not None)
        self.telling.notes += [*presets.notes, *([stored.note] if stored.note else [])]
        self.telling.classified(found, choice)
        if ask.profile is None:  # a given set stays as given
            self._watch.every = choice.reselect_every
        return choice

    def _plan(self, look: Look, most: int, choice: Choice) -> Plan:
        opened, prompt = self._opened, len(look.tokens)
        config = opened.checkpoint.text_config
        room = max(LEAST_ROOM, int(self._limit * ROOM_FOR_PIECE))
        self._piece = max(piece_size(config, prompt, room), longest_picture(look.tokens))
        looking = 0 if opened.eyes is None else opened.eyes.encoding_bytes(look)
        terms = Terms(
            base=self._base,
            dense=opened.dense_bytes(looking=looking > 0),
            kv=opened.kv_bytes(prompt + most),
            activations=max(activations(config, self._piece, prompt), FIXED + looking),
            limit=self._limit,
            speech=self._speech,
        )
        ask, profile = self.ask, self._profile
        free_size = ask.budget == "auto" and ask.experts is None
        free_mode = ask.mode is Mode.AUTO
        standard = None if profile is None else Standard(profile, choice.most_lost, free_mode, free_size)
        wish = Wish(choice.mode, choice.tier, ask.experts, choice.at_least, standard, ask.harder)
        made = plan(opened.shape, terms, wish)
        self.telling.expected = None if profile is None else profile.at(made.mode, made.resident)
        return made

    def _keeping(self, planned: Plan) -> Plan:
        """Easy after hard keeps what is here, unless the person said how much there is to be."""
        if self.ask.experts is not None or self.ask.budget != "auto" or self.ask.profile:
            return planned
        return keeping(planned, self._opened.shape, self._opened.present)

    def _offer(self, tokens: int) -> str:
        """A faster way, when reading for this prompt takes long; empty otherwise."""
        assert self.plan is not None
        opened = self._opened
        if self.plan.mode is Mode.FAST or opened.resident is None:
            return ""
        seconds = opened.wanted_bytes(tokens) / opened.read_rate
        if seconds <= LONG_READ:
            return ""
        fast = self.plan.resident * opened.layout.slot_bytes / opened.read_rate
        return f"Reading for this prompt takes about {seconds:.0f} s; in fast mode about {min(fast, seconds):.0f} s."

    def _continued(self, kept: Conversation | None, prompt: list[int]) -> Conversation:
        """The kept conversation, cut to what this prompt shares with it, or a new one."""
        assert self.plan is not None
        if kept is not None and kept.rewind(kept.usable(prompt, REUSE_FROM.get(self.plan.mode, 0.0))):
            return kept
        return Conversation(make_prompt_cache(self._opened.model))

    # --- prompt -------------------------------------------------------------------------------------------

    def _prefill(self, conversation: Conversation, prompt: list[int]) -> None:
        assert self.plan is not None
        begun = time.perf_counter()
        reused = len(conversation.tokens)
        new = prompt[reused:-1]
        if self._opened.eyes is not None:
            self._encoded = len(self._opened.eyes.unseen(new))
            self._seen = self._opened.eyes.encode(self._look, new, self._between)
            self._opened.eyes.place(conversation.caches, self._seen, len(prompt))
        if self.plan.mode is Mode.EXACT:
            self._prefill_exact(conversation, new)
        elif self.ask.profile:
            self._install(read_profile(self.ask.profile, self._opened, self.plan.resident))
            assert self._opened.resident is not None
            self._through(conversation, new, self._opened.resident, 0.0)
        elif self.plan.mode is Mode.BALANCED:
            self._prefill_balanced(conversation, new)
        else:
            self._prefill_selecting(conversation, new)
        conversation.keep_place()
        self.telling.prefilled(len(prompt) - reused, reused, time.perf_counter() - begun)

    def _prefill_exact(self, conversation: Conversation, new: list[int]) -> Exact:
        assert self.plan is not None
        self._route_by_all()
        lately = self.plan.mode is Mode.EXACT
        exact = Exact(self._opened.residency, self.plan.resident, self._between, self._wait, lately=lately)
        self._exactly = exact
        self._through(conversation, new, exact, 1.0)
        exact.finish()
        self._exactly = None
        return exact

    def _prefill_balanced(self, conversation: Conversation, new: list[int]) -> None:
        """Exactly; what the prompt wanted on the way is the selection."""
        assert self.plan is not None
        residency = self._opened.residency
        earlier = residency.heat.copy() if conversation.tokens else np.zeros_like(residency.heat)
        exact = self._prefill_exact(conversation, new)
        wishes = [earlier[b.index] + exact.wishes.get(b.index, np.float32(0)) for b in self._opened.blocks]
        count = self.plan.resident
        self._install([residency.choose(i, residency.ranking(i, w), count) for i, w in enumerate(wishes)])

    def _prefill_selecting(self, conversation: Conversation, new: list[int]) -> None:
        assert self.plan is not None
        opened, residency, count = self._opened, self._opened.residency, self.plan.resident
        if not new:  # all was here already: the set for what the conversation wanted so far
            self._install([residency.hottest(b.index, count) for b in opened.blocks])
            return
        self._route_by_all()
        self._routed_by_residents = True
        assert opened.resident is not None
        if opened.predictor is not None:
            self._prefill_predicting(opened.predictor, opened.resident, conversation, new)
            return
        selecting = Selecting(opened.blocks, opened.resident, residency, count, self._between, self._wait)
        if conversation.tokens:
            selecting.wishes = {b.index: residency.heat[b.index].copy() for b in opened.blocks}
        self._selecting = selecting
        self._through(conversation, new, selecting, 0.0)
        if selecting.guessed:
            share = selecting.guessed_right / selecting.guessed
            self.telling.notes.append(f"{share:.0%} of the experts read ahead were right.")

    def _prefill_predicting(
        self, predictor: Predictor, resident: Resident, conversation: Conversation, new: list[int]
    ) -> None:
        assert self.plan is not None
        opened = self._opened
        before = [states for _, states in conversation.hidden]
        self._selecting = predicting = Predicting(
            predictor, before, opened.blocks, resident, opened.residency, self.plan.resident, self._between, self._wait
        )
        self._through(conversation, new, predicting, 0.0)
        at = len(conversation.tokens)
        conversation.hidden += [(at, states) for states in latest(predicting.hidden[len(before) :])]
        self.telling.notes.append(f"The predicted sets hold {predicting.note():.0%} of what the prompt wanted.")

    def _through(self, conversation: Conversation, new: list[int], way: Way, coverage: float) -> None:
        before = len(conversation.tokens)

        def piece_done(count: int) -> None:
            conversation.extend(new[len(conversation.tokens) - before : count], coverage)
            self._between()

        prefill(self._opened, conversation.caches, new, way, self._piece, piece_done, self._seen, before)

    def _install(self, selection: list[list[int]]) -> None:
        """Exactly these experts resident, and the routers told."""
        residency, resident = self._opened.residency, self._opened.resident
        assert resident is not None
        wait_all((residency.fetch(layer, ids) for layer, ids in enumerate(selection)), self._wait)
        for layer, ids in enumerate(selection):
            residency.keep_only(layer, ids)
        resident.refresh_all()
        self._routed_by_residents = True

    def _route_by_all(self) -> None:
        if self._opened.resident is not None:
            self._opened.resident.leave()
        self._routed_by_residents = False

    # --- tokens -------------------------------------------------------------------------------------------

    def _decode(self, conversation: Conversation, prompt: list[int], most: int, stream: Stream) -> str:
        """Returns why it ended: stop or length."""
        cursor = Cursor(conversation.caches, mx.array(prompt[-1:]), len(prompt), Sampler(self.ask.sampling))
        self._decoder = self._first_decoder(cursor)
        ends = set(self._opened.tokenizer.eos_token_ids)
        went_through = prompt[-1]
        for left in range(most - 1, -1, -1):
            taken = self._decoder.step(last=left == 0)
            conversation.extend([went_through], float(taken.coverage.mean()) if len(taken.coverage) else 1.0)
            went_through = taken.token
            ended = taken.token in ends
            self.telling.token(taken, "" if ended else stream.add(taken.token))
            if ended or stream.stopped:
                return "stop"
            self._between()
            self._decoder = self._reconsidered(self._decoder)
        return "length"

    def _first_decoder(self, cursor: Cursor) -> Decoder:
        assert self.plan is not None
        if self.plan.mode is Mode.EXACT:
            return ExactDecoder(self._opened, cursor, self._exact())
        assert self._opened.resident is not None
        self._reselection = reselection = Reselection(self._opened.residency, self._opened.resident)
        exact = self._exact() if self.plan.mode is Mode.BALANCED else None
        return ResidentDecoder(self._opened, cursor, self._wait, exact, self.plan.resident, reselection.drop)

    def _exact(self) -> Exact:
        """For single tokens: nothing else may run within one, but it can be cancelled."""
        assert self.plan is not None
        return Exact(self._opened.residency, self.plan.resident, self._pulse, self._wait)

    def _reconsidered(self, decoder: Decoder) -> Decoder:
        """Between two tokens: go on with the reselection, begin one, or give up on residents."""
        if not isinstance(decoder, ResidentDecoder) or self._reselection is None:
            return decoder
        if decoder.dearer_than_exact():
            cursor = decoder.handover()
            self._land()
            self._route_by_all()
            self.telling.notes.append("Too much was missed: the rest was answered with every expert it wanted.")
            return ExactDecoder(self._opened, cursor, self._exact())
        self._go_on_selecting(self._reselection)
        return decoder

    def _go_on_selecting(self, reselection: Reselection) -> None:
        assert self.plan is not None
        if reselection.busy():
            reselection.advance()
            if not reselection.busy():
                self.telling.resident()
        elif why := self._watch.why(self.telling.coverage):
            planned = reselection.begin(self._opened.blocks, self.plan.resident)
            if planned or why == ASKED:  # who asked is answered, also when the set is the best already
                self.telling.reselecting(why, planned)
            if planned:
                reselection.advance()

    def _land(self) -> None:
        """Nothing in flight, no slot half taken: the model can serve another request."""
        if self._decoder is not None:
            self._decoder.settle()
        if self._selecting is not None:
            self._selecting.close()
        if self._reselection is not None:
            self._reselection.drop()

    # --- while others run ---------------------------------------------------------------------------------

    def set_aside(self) -> None:
        self._land()
        self._saved = self._opened.residency.resident()

    def take_up(self, reading: Reading) -> None:
        """As it was before `set_aside`: bank size, residents, routers; or smaller, when memory is short now."""
        assert self.plan is not None
        opened = self._opened
        assert self._use is not None
        opened.residency.use = self._use
        self._decide(reading, may_grow=False)
        opened.resize(self.plan.resident)
        if self._routed_by_residents:
            warmest, count = opened.residency.warmest, self.plan.resident
            self._install([warmest(layer, ids, count) for layer, ids in enumerate(self._saved)])
        else:
            self._route_by_all()

    # --- while memory gets short and free again -----------------------------------------------------------

    def heed(self, reading: Reading) -> None:
        """Fewer residents or more. Nothing is in flight but what `_land` ends."""
        grown = self._decoder is not None  # a prompt goes on with what it began with
        if (change := self._decide(reading, may_grow=grown)) is not None:
            self._resize(change)

    def share(self, speech: int, *, running: bool) -> None:
        """So many bytes of the limit are a recogniser's from now on. running: False while another uses the model.

        Raises:
            KnownError: they do not fit. Nothing has changed.
        """
        if self._governed is None:
            self._speech = speech
            return
        change = self._governed.share(speech)
        self.plan = self._governed.plan
        if change is None:
            self.telling.shared(self.plan.memory)
            return
        self._tell(change)
        if running:
            self._resize(change)

    def fit(self) -> None:
        """While set aside: the banks have at once the size that `take_up` would give them."""
        if self.plan is not None:
            self._opened.resize(self.plan.resident)

    def _resize(self, change: Change) -> None:
        assert self._governed is not None
        self._land()
        if change.after < change.before:
            self._governed.shrink()
            if self._routed_by_residents and self._opened.resident is not None:
                self._opened.resident.refresh_all()
        else:
            self._opened.resize(change.after)
            if self._routed_by_residents:
                residency = self._opened.residency
                self._install([residency.hottest(b.index, change.after) for b in self._opened.blocks])
        self.telling.resident()

    def _decide(self, reading: Reading, *, may_grow: bool) -> Change | None:
        """Everybody is told how many there are to be; the banks are not touched."""
        self.telling.pressure = reading.level
        if self._governed is None or (change := self._governed.heed(reading, may_grow=may_grow)) is None:
            return None
        self._tell(change)
        return change

    def _tell(self, change: Change) -> None:
        assert self._governed is not None
        self.plan = plan = self._governed.plan
        if self._exactly is not None:
            self._exactly.keep = plan.resident
        if self._selecting is not None:
            self._selecting.count = plan.resident
        if self._decoder is not None:
            self._decoder.resized(plan.resident)
        self.telling.resized(plan.memory, change.before, change.after, change.why)

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
