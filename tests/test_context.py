"""How full the context is."""

from __future__ import annotations

from app.context import estimated, used
from app.store.rows import Attached, Message, Role, State


def message(role: Role, text: str, record=None, attached=()) -> Message:
    return Message(1, 1, None, role, text, State.DONE, 0.0, record, attached=attached)


def test_an_estimate_knows_scripts():
    assert 20 <= estimated("The quick brown fox jumps over the lazy dog and runs away from all of it.") <= 24
    assert estimated("敏捷的棕色狐狸跳过懒狗") >= 6
    assert estimated("") == 0


def test_what_the_model_counted_is_taken_as_counted():
    branch = [message(Role.USER, "x" * 4000), message(Role.ASSISTANT, "So.", {"tokens": {"prompt": 5000}})]

    assert 5000 < used(branch, "", 0, "", 10_000).tokens < 5020


def test_without_a_count_everything_is_estimated():
    paper = Attached("a.pdf", "pdf", 9, 38_000)

    usage = used([message(Role.USER, "Why?", attached=(paper,))], "And?", 3800, "Be brief.", 20_000)

    assert 11_000 < usage.tokens < 11_100
    assert 0.5 < usage.share < 0.6


def test_thoughts_are_not_said_again():
    record = {"tokens": {"prompt": 100}}
    branch = [message(Role.ASSISTANT, f"<think>{'long ' * 900}</think>So.", record)]

    assert used(branch, "", 0, "", 1000).tokens < 120


def test_an_odd_record_is_no_count():
    for record in ({}, {"tokens": 3}, {"tokens": {"prompt": "many"}}):
        assert used([message(Role.ASSISTANT, "So.", record)], "", 0, "", 100).tokens < 20


def test_of_an_unknown_context_nothing_is_full():
    assert used([], "x" * 1000, 0, "", 0).share == 0.0
