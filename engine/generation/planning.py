"""What is decided about a request before anything is read for it: its tokens, how hard it is, its plan. Engine thread.

Brings together what is known of the request, the presets, the model's measured profile and the memory promise; each of
them decides for itself (engine/budget). Reads nothing of the model but its headers.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.budget.activations import activations, piece_size
from engine.budget.difficulty import difficulty
from engine.budget.governor import keeping
from engine.budget.plan import Plan, Terms, Wish, plan
from engine.budget.presets import Asked, Choice, decide
from engine.budget.presets import load as load_presets
from engine.budget.profile import Bearing, Line, Profile
from engine.budget.profile_store import read as stored_profile
from engine.budget.request import from_turns
from engine.budget.standard import Standard
from engine.errors import KnownError
from engine.generation.opened import CACHE_LIMIT, Opened
from engine.generation.telling import Telling
from engine.generation.text import encode, has_template
from engine.messages import Ask, Mode
from engine.vision.families import media, refusal
from engine.vision.reader import Look

ROOM_FOR_PIECE = 0.15
"""Share of the memory limit that a prefill piece may take, but at least LEAST_ROOM bytes."""
LEAST_ROOM = 400 << 20
LONG_READ = 8.0
"""Seconds of reading from which the faster way is offered (design: engine rule 7)."""


@dataclass(frozen=True)
class Prepared:
    """look: the prompt. most: tokens of the answer. piece: tokens of a prefill piece.

    fresh: so many residents are chosen for this request; what the plan has beyond is kept of earlier ones.
    reselect_every: tokens. expected: what was measured at this point. bearing: what it bears there; None: unmeasured.
    """

    look: Look
    most: int
    piece: int
    plan: Plan
    fresh: int
    reselect_every: int
    expected: Line | None
    bearing: Bearing | None


def prepare(ask: Ask, opened: Opened, base: int, limit: int, speech: int, telling: Telling) -> Prepared:
    """base: bytes the process held before any model. limit: that it may hold, of which recognisers take `speech`.

    Raises:
        KnownError: the request cannot be served; the sentence says what would be.
    """
    look = _read(ask, opened)
    if not has_template(opened.tokenizer):
        telling.notes.append("The model has no chat template: the prompt was continued as plain text.")
    most = _most_tokens(ask, opened, len(look.tokens))
    profile, choice = _chosen(ask, opened, telling)
    piece, terms = _terms(opened, look, most, base, limit, speech)
    planned = plan(opened.shape, terms, _wish(ask, choice, profile))
    expected = None if profile is None else profile.at(planned.served, planned.resident)
    kept = _keeping(ask, opened, planned)
    bearing = None if profile is None else profile.bearing(planned.served, planned.resident, choice.most_lost)
    return Prepared(look, most, piece, kept, planned.resident, choice.reselect_every, expected, bearing)


def offer(opened: Opened, planned: Plan, tokens: int) -> str:
    """A faster way, when reading for a prompt of so many new tokens takes long; empty otherwise."""
    if planned.mode is Mode.FAST or opened.resident is None:
        return ""
    seconds = opened.wanted_bytes(tokens) / opened.read_rate
    if seconds <= LONG_READ:
        return ""
    fast = planned.resident * opened.layout.slot_bytes / opened.read_rate
    return f"Reading for this prompt takes about {seconds:.0f} s; in fast mode about {min(fast, seconds):.0f} s."


def _read(ask: Ask, opened: Opened) -> Look:
    """The prompt's tokens; those of a picture or sound are its fingerprint (`vision/marks.py`)."""
    wanted = media(ask.turns)
    if not wanted:
        return Look(encode(opened.tokenizer, ask.turns))
    given = frozenset() if opened.senses is None else opened.senses.given
    for sense in sorted(wanted - given):
        raise KnownError(*refusal(opened.checkpoint, opened.layout, sense))
    assert opened.senses is not None
    return opened.senses.read(ask.turns)


def _most_tokens(ask: Ask, opened: Opened, prompt: int) -> int:
    context = opened.context
    if context and prompt >= context:
        raise KnownError(
            f"The prompt has {prompt:,} tokens, and this model takes {context:,}.",
            "Shorten it, start a new conversation, or choose a model that takes more.",
        )
    return min(ask.max_tokens, context - prompt) if context else ask.max_tokens


def _chosen(ask: Ask, opened: Opened, telling: Telling) -> tuple[Profile | None, Choice]:
    """How hard the request seems, and what that gets."""
    presets, stored = load_presets(), stored_profile(opened.checkpoint, opened.layout.experts)
    found = difficulty(from_turns(ask.turns, ask.priority, ask.attachments))
    asked = Asked(ask.budget, ask.mode, ask.reselect_every)
    choice = decide(found, presets, asked, known=opened.predictor is not None or stored.profile is not None)
    telling.notes += [*presets.notes, *([stored.note] if stored.note else [])]
    telling.classified(found, choice)
    return stored.profile, choice


def _wish(ask: Ask, choice: Choice, profile: Profile | None) -> Wish:
    free_size, free_mode = ask.budget == "auto" and ask.experts is None, ask.mode is Mode.AUTO
    standard = None if profile is None else Standard(profile, choice.most_lost, free_mode, free_size)
    return Wish(choice.mode, choice.tier, ask.experts, choice.at_least, standard, ask.harder)


def _terms(opened: Opened, look: Look, most: int, base: int, limit: int, speech: int) -> tuple[int, Terms]:
    """Tokens of a prefill piece, and the promise's terms."""
    prompt, config = len(look.tokens), opened.checkpoint.text_config
    room = max(LEAST_ROOM, int(limit * ROOM_FOR_PIECE))
    senses = opened.senses
    piece = max(piece_size(config, prompt, room), 0 if senses is None else senses.longest(look.tokens))
    staying, passing = (0, 0) if senses is None else (senses.staying_bytes(look), senses.passing_bytes(look))
    return piece, Terms(
        base=base,
        dense=opened.dense_bytes(),
        kv=opened.kv_bytes(prompt + most),
        activations=staying + max(activations(config, piece, prompt), CACHE_LIMIT + passing if passing else 0),
        limit=limit,
        speech=speech,
    )


def _keeping(ask: Ask, opened: Opened, planned: Plan) -> Plan:
    """Easy after hard keeps what is here, unless the person said how much there is to be."""
    if ask.experts is not None or ask.budget != "auto" or ask.profile:
        return planned
    return keeping(planned, opened.shape, opened.present)
