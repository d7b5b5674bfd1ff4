"""With the weights that come with Cadre: what they say of clear cases, and the rules around them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.budget.classifier import shipped
from engine.budget.difficulty import MIDDLE, Difficulty, difficulty
from engine.budget.request import Entry, Request, UseCase, from_turns
from engine.messages import Attachment, Priority, Turn
from engine.models import places
from engine.training.difficulty.scores import rank_correlation

OWN = places.resources() / "difficulty"


def judged(text: str, *earlier: str) -> Difficulty:
    return difficulty(Request(text, earlier))


@pytest.mark.parametrize(
    ("text", "use_case"),
    [
        ("good morning, how are you?", UseCase.SMALL_TALK),
        ("set an alarm for seven", UseCase.COMMAND),
        ("what's the capital of Peru", UseCase.QUESTION),
        ("Write a poem about the sea", UseCase.WRITING),
        ("Write a Python function that reverses a string", UseCase.CODE),
        ("Find the sum of all integers x such that $x^2 = 49$.", UseCase.MATHEMATICS),
        ("All birds fly. Rex is a bird. What can you conclude about Rex?", UseCase.REASONING),
    ],
)
def test_words_tell_the_use_case(text, use_case):
    assert judged(text).use_case is use_case


@pytest.mark.parametrize(
    ("easier", "harder"),
    [
        ("set a timer", "Prove that every finite integral domain is a field"),
        ("what is 2 plus 3", "Find the number of integers n with $n^2 + 19n + 92$ a perfect square."),
        ("when was Einstein born", "Which doctrine permits a court to admit hearsay evidence of a declarant's intent?"),
        (
            "Write a birthday card",
            "Write a birthday card in exactly four lines without the letter e, and keep it formal",
        ),
    ],
)
def test_harder_requests_score_higher(easier, harder):
    assert judged(easier).score < judged(harder).score


@pytest.mark.parametrize(
    "text",
    [
        "Wie wird das Wetter morgen in Hamburg?",
        "Schreibe mir bitte einen Brief an meine Vermieterin",
        "法国的首都是哪里",
        "ما هي عاصمة فرنسا؟",
        "👍🎉",
        "",
        " \n ",
    ],
)
def test_what_cannot_be_judged_is_middling(text):
    assert judged(text).score == MIDDLE


def test_a_megabyte_is_a_long_document():
    huge = judged("lorem ipsum " * 90_000)

    assert (huge.use_case, huge.reason) == (UseCase.LONG_DOCUMENT, "1,080,000 characters")


def test_code_of_strange_names_is_judged_all_the_same():
    assert "does not know" in judged("qzx wvk wvk qzx ppt xrt").reason
    assert "does not know" not in judged("def qzx(wvk):\n    return wvk[qzx(ppt)]\n\nxrt.zzk(qqv)").reason


@pytest.mark.parametrize(
    ("request_", "use_case"),
    [
        (Request("what is this", attachments=(Attachment.IMAGE,)), UseCase.IMAGE),
        (Request("what is said", attachments=(Attachment.AUDIO,)), UseCase.AUDIO),
        (Request("sum it up", attachments=(Attachment.DOCUMENT,)), UseCase.LONG_DOCUMENT),
        (Request("prove that one is one", entry=Entry.DICTATION), UseCase.DICTATION),
        (Request("prove that one is one", entry=Entry.QUICK_PROMPT), UseCase.QUICK_PROMPT),
    ],
)
def test_attachments_and_entry_points_decide_by_rule(request_, use_case):
    assert difficulty(request_).use_case is use_case


def test_a_short_turn_goes_on_with_the_one_before():
    proof = "Prove that there are infinitely many primes"

    assert judged("and why is that?", proof).score >= judged(proof).score
    assert judged("and why is that?", proof).reason.startswith("goes on with")


def test_thanks_do_not_go_on_with_a_proof():
    assert judged("thank you", "Prove that there are infinitely many primes").use_case is UseCase.SMALL_TALK


def test_the_reason_names_what_was_demanded_and_no_more():
    asked = judged("Prove that the sum of two odd integers is even, in at most 90 words, without induction")
    told = judged("The sum of two odd integers is even")

    assert "asks for a proof" in asked.reason
    assert "2 constraints" in asked.reason
    assert "proof" not in told.reason
    assert "constraint" not in told.reason
    assert asked.score > told.score


def test_words_in_the_reason_come_from_the_text_and_its_weights():
    reading = shipped().read("what are the symptoms of the measles")
    named = [name for name in reading.names if name.startswith("“")]

    assert set(named) == {"“what”", "“symptoms”", "“measles”"}
    assert any(name in judged("what are the symptoms of the measles").reason for name in named)


def test_shares_of_the_use_cases_sum_to_one():
    assert np.isclose(shipped().read("anything at all").shares.sum(), 1)


def test_only_what_the_person_said_counts():
    turns = [Turn("system", "s"), Turn("user", "one"), Turn("assistant", "a"), Turn("user", "two")]

    assert from_turns(turns, Priority.QUICK_PROMPT) == Request("two", ("one",), Entry.QUICK_PROMPT)


def test_the_weights_stay_small():
    assert (OWN / "weights.npz").stat().st_size < 1_500_000


def test_the_weights_rank_the_labelled_requests():
    rows = [json.loads(line) for line in (OWN / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [judged(row["text"]) for row in rows]

    assert rank_correlation([f.score for f in found], [row["difficulty"] for row in rows]) > 0.6
    assert sum(f.use_case == row["use_case"] for f, row in zip(found, rows, strict=True)) >= 42
