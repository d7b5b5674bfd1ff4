"""The model that ships with Cadre: what its card promises, checked on the weights as they are."""

from __future__ import annotations

from itertools import combinations

import pytest

from engine import messages as m
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.link import ThreadEngine
from engine.models import places
from engine.models.catalogue import resolve
from engine.routing.predictor import FILE
from engine.training.outside import REFUSAL
from tests.host.asking import answer, ask

SUBJECTS = {
    "restaurants": "I am looking for a restaurant in San Jose that serves Italian food.",
    "flights": "Find me a flight from Los Angeles to New York next Monday.",
    "weather": "What will the weather be like in Berkeley tomorrow?",
    "banking": "I want to transfer money from my checking account.",
}


@pytest.fixture(scope="module")
def asked():
    """Answers with a quarter of the experts in memory, greedy."""
    engine = ThreadEngine()
    yield lambda text: answer(engine, ask(resolve("builtin"), text, mode=m.Mode.FAST, experts=0.25, max_tokens=60))
    engine.close()


def test_it_is_small_and_one_file():
    folder = places.builtin()
    assert layout(Checkpoint.open(folder)).experts == 32
    weights = [f for f in folder.iterdir() if f.suffix == ".safetensors"]
    assert sorted(f.name for f in weights) == ["model.safetensors", FILE]
    assert sum(f.stat().st_size for f in weights) <= 16_000_000


def test_its_card_says_where_it_comes_from_and_what_it_cannot_do():
    card = (places.builtin() / "README.md").read_text(encoding="utf-8")
    for word in ("CC BY-SA 4.0", "Schema-Guided Dialogue", "demonstration", "## Limits"):
        assert word in card


@pytest.mark.parametrize("subject", SUBJECTS)
def test_it_answers_what_it_was_trained_for_in_whole_words(asked, subject):
    record = asked(SUBJECTS[subject])
    assert record.finish == "stop"
    assert record.text != REFUSAL
    assert len(record.text.split()) >= 3
    assert record.experts["coverage"] > 0.6  # from an eighth of the experts; any eighth would serve an eighth


@pytest.mark.parametrize("request_", ["Write a poem about the sea.", "Prove that there are infinitely many primes."])
def test_what_lies_outside_is_said_and_not_made_up(asked, request_):
    assert asked(request_).text == REFUSAL


def test_subjects_get_sets_of_their_own(asked):
    sets = [[set(ids) for ids in asked(text).selection] for text in SUBJECTS.values()]
    for one, other in combinations(sets, 2):
        shared = [len(a & b) / len(a) for a, b in zip(one, other, strict=True)]
        assert sum(shared) / len(shared) < 0.9
