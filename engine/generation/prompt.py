"""A prompt through the model in the way of its plan, so that the experts for the answer are chosen. Engine thread only.

exact and balanced: exactly, and what the prompt wanted on the way is the selection. fast: by the selection alone,
which the routers make layer by layer, the predictor at once, or a stored profile (design: engine rule 7).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.budget.profile import PREDICTOR
from engine.generation.conversation import Conversation
from engine.generation.prefill import prefill
from engine.generation.profile import read_profile
from engine.generation.serving import Hook, Serving
from engine.messages import Mode
from engine.routing.block import Way
from engine.routing.exact import Exact
from engine.routing.predicting import Predicting, latest
from engine.routing.predictor import Predictor
from engine.routing.resident import Resident
from engine.routing.selecting import Selecting
from engine.vision.reader import Look
from engine.vision.senses import Seen

Tell = Callable[[str], None]


class Prompt:
    """look: all of it. piece: tokens of one forward. between: nothing is in flight. note: takes a sentence."""

    def __init__(self, serving: Serving, look: Look, piece: int, between: Hook, note: Tell) -> None:
        self._serving = serving
        self._opened = serving.opened
        self._look = look
        self._piece = piece
        self._between = between
        self._note = note
        self._seen = Seen()
        self.encoded = 0

    def fill(self, conversation: Conversation, profile: str | None) -> None:
        """All tokens but the last, after those that the conversation has. profile: a stored selection to use.

        Raises:
            KnownError: the stored selection does not fit.
        """
        serving = self._serving
        new = self._look.tokens[len(conversation.tokens) : -1]
        self._encode(conversation, new)
        if serving.plan.mode is Mode.EXACT:
            self._exactly(conversation, new)
        elif profile:
            serving.install(read_profile(profile, self._opened, serving.plan.resident))
            assert self._opened.resident is not None
            self._through(conversation, new, self._opened.resident, 0.0)
        elif serving.plan.mode is Mode.BALANCED:
            self._balanced(conversation, new)
        else:
            self._selecting(conversation, new)
        conversation.keep_place()

    def _encode(self, conversation: Conversation, new: list[int]) -> None:
        if (senses := self._opened.senses) is not None:
            self.encoded = len(senses.unseen(new))
            self._seen = senses.encode(self._look, new, self._between)
            senses.place(conversation.caches, self._seen, len(self._look.tokens))

    def _exactly(self, conversation: Conversation, new: list[int]) -> Exact:
        serving = self._serving
        serving.route_by_all()
        serving.exactly = exact = serving.exact(self._between, lately=serving.plan.mode is Mode.EXACT)
        self._through(conversation, new, exact, 1.0)
        exact.finish()
        serving.exactly = None
        return exact

    def _balanced(self, conversation: Conversation, new: list[int]) -> None:
        """Exactly; what the prompt wanted on the way is the selection."""
        residency = self._opened.residency
        earlier = residency.heat.copy() if conversation.tokens else np.zeros_like(residency.heat)
        exact = self._exactly(conversation, new)
        wishes = [earlier[b.index] + exact.wishes.get(b.index, np.float32(0)) for b in self._opened.blocks]
        count = self._serving.plan.resident
        self._serving.install([residency.choose(i, residency.ranking(i, w), count) for i, w in enumerate(wishes)])

    def _selecting(self, conversation: Conversation, new: list[int]) -> None:
        serving, opened = self._serving, self._opened
        if not new:  # all was here already: the set for what the conversation wanted so far
            serving.install_hottest()
            return
        serving.route_by_all()
        serving.by_residents = True
        assert opened.resident is not None
        if opened.predictor is not None and serving.plan.served.selector == PREDICTOR:
            self._predicting(opened.predictor, opened.resident, conversation, new)
            return
        selecting = Selecting(
            opened.blocks, opened.resident, opened.residency, serving.plan.resident, self._between, serving.wait
        )
        if conversation.tokens:
            selecting.wishes = {b.index: opened.residency.heat[b.index].copy() for b in opened.blocks}
        serving.selecting = selecting
        self._through(conversation, new, selecting, 0.0)
        if selecting.guessed:
            self._note(f"{selecting.guessed_right / selecting.guessed:.0%} of the experts read ahead were right.")

    def _predicting(self, predictor: Predictor, resident: Resident, conversation: Conversation, new: list[int]) -> None:
        serving, opened = self._serving, self._opened
        before = [states for _, states in conversation.hidden]
        serving.selecting = predicting = Predicting(
            predictor,
            before,
            opened.blocks,
            resident,
            opened.residency,
            serving.plan.resident,
            self._between,
            serving.wait,
        )
        self._through(conversation, new, predicting, 0.0)
        at = len(conversation.tokens)
        conversation.hidden += [(at, states) for states in latest(predicting.hidden[len(before) :])]
        self._note(f"The predicted sets hold {predicting.note():.0%} of what the prompt wanted.")

    def _through(self, conversation: Conversation, new: list[int], way: Way, coverage: float) -> None:
        before = len(conversation.tokens)

        def piece_done(count: int) -> None:
            conversation.extend(new[len(conversation.tokens) - before : count], coverage)
            self._between()

        prefill(self._opened, conversation.caches, new, way, self._piece, piece_done, self._seen, before)
