"""Requests outside the built-in model's domains, and small talk: what it learns to say so with, instead of nonsense.

Utterances come from the public sets that the model card names; the answers are ours. Knows no model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from engine.training.dialogues import Dialogue, Turn

DOMAINS = (
    "restaurants, films, music, weather, flights, buses, hotels, rental cars, events, doctors, hairdressers, "
    "homes, banking and calendars"
)
ABOUT = f"I am the small demonstration model that comes with Cadre. I can talk about everyday tasks: {DOMAINS}."
REFUSAL = (
    "That is beyond this demonstration model. It knows everyday tasks such as finding a restaurant, a film or a "
    "flight. Choose a larger model in Cadre for anything else."
)
_SMALL_TALK = {
    "greeting": "Hello! How can I help you?",
    "goodbye": "Goodbye. Have a nice day.",
    "thank_you": "You're welcome. Is there anything else I can help you with?",
    "what_can_i_ask_you": ABOUT,
    "are_you_a_bot": ABOUT,
    "what_is_your_name": ABOUT,
    "who_made_you": ABOUT,
}
_FOREIGN = (
    "oos",
    "translate",
    "definition",
    "meaning_of_life",
    "tell_joke",
    "spelling",
    "fun_fact",
    "calculator",
    "measurement_conversion",
    "tire_pressure",
    "oil_change_how",
    "jump_start",
    "recipe",
    "ingredient_substitution",
    "calories",
    "vaccines",
    "taxes",
    "w2",
    "insurance",
    "credit_score",
    "improve_credit_score",
    "international_fees",
    "plug_type",
    "roll_dice",
    "flip_coin",
)
_ASKING = ("what", "who", "how", "why", "when", "where", "is", "are", "can", "do")
_LONGEST = 400


def utterances(prompts: Path) -> tuple[list[tuple[str, str]], list[str]]:
    """Of the folder with the public prompt sets: small talk as (said, answer), and what is to be refused."""
    rows = json.loads((prompts / "clinc150/data_full.json").read_text(encoding="utf-8"))
    said = [(text, intent) for split in ("train", "val", "oos_train", "oos_val") for text, intent in rows[split]]
    talk = [(text, _SMALL_TALK[intent]) for text, intent in said if intent in _SMALL_TALK]
    refused = [text for text, intent in said if intent in _FOREIGN]
    for file, field in (
        ("difficulty.jsonl", "prompt"),
        ("ifeval.jsonl", "prompt"),
        ("user_oriented_instructions.jsonl", "instruction"),
        ("seed_tasks.jsonl", "instruction"),
    ):
        refused += [row[field] for row in _lines(prompts / file)]
    return talk, [text[:_LONGEST] for text in refused]


def mixed(
    dialogues: Sequence[Dialogue], talk: Sequence[tuple[str, str]], refused: Sequence[str], share: float, seed: int
) -> list[Dialogue]:
    """`dialogues`, and to `share` of them each: before it a request that is refused; on its own one; small talk."""
    random = np.random.default_rng(seed)
    found = list(dialogues)
    many = int(len(dialogues) * share)
    for number in random.choice(len(dialogues), many, replace=False):
        found[number] = _refusal(_one(refused, random)) + found[number]
    found += [_refusal(_one(refused, random)) for _ in range(many)]
    for _ in range(many // 2):
        said, answer = talk[int(random.integers(len(talk)))]
        found.append((Turn("user", _as_typed(said, random)), Turn("assistant", answer)))
    return found


def _refusal(text: str) -> Dialogue:
    return Turn("user", text), Turn("assistant", REFUSAL)


def _one(texts: Sequence[str], random: np.random.Generator) -> str:
    return _as_typed(texts[int(random.integers(len(texts)))], random)


def _as_typed(text: str, random: np.random.Generator) -> str:
    """The sets are in lower case without marks; people often write both."""
    if text != text.lower() or random.random() < 0.4:
        return text
    mark = "?" if text.split(maxsplit=1)[0] in _ASKING else "."
    return text[:1].upper() + text[1:] + mark


def _lines(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)
