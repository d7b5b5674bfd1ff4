"""Points in real answers: what was measured decides, trying harder reads only what is new, the record says it all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine import messages as m
from engine.budget import profile_store
from engine.budget.profile import Line, Profile
from engine.checkpoint.folder import Checkpoint
from engine.generation import decode
from engine.link import ThreadEngine
from tests.host.asking import LONG, Heard, answer, ask, assert_right, forget, send

OPEN: dict[str, Any] = {"mode": m.Mode.AUTO, "experts": None, "budget": "auto"}


@pytest.fixture(scope="module")
def engine(home):
    made = ThreadEngine()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _as_on_the_first_day(engine, home):
    forget(engine, home)


@pytest.fixture
def never_again(monkeypatch):
    """No token misses too much, so that only the set itself is read."""
    monkeypatch.setattr(decode, "RETAKE_BELOW", 0.0)


def resident(heard: Heard, request: str) -> set[tuple[int, int]]:
    """(layer, expert) in memory at the end of a request."""
    last = heard.of(m.ExpertsResident, request)[-1].ids
    return {(layer, int(e)) for layer, row in enumerate(last) for e in row if e >= 0}


# --- harder ---------------------------------------------------------------------------------------------------


def test_trying_harder_reads_only_what_is_not_there_yet(engine, home, model, never_again):
    options = OPEN | {"mode": m.Mode.BALANCED, "experts": 4, "max_tokens": 6}
    first = ask(model, LONG, conversation="c", **options)
    before = send(engine, first)
    harder = ask(model, LONG, conversation="c", harder=1, **options)

    after = send(engine, harder)
    forget(engine, home)
    afresh = answer(engine, ask(model, LONG, harder=1, **options))

    record, was, now = after.record(harder.request), resident(before, first.request), resident(after, harder.request)
    assert (len(was), len(now)) == (4 * 3, 6 * 3)
    assert record.tokens["reused"] == record.tokens["prompt"] - 1
    assert record.experts["experts_read"] == len(now - was) > 0
    assert record.experts["bytes_read"] < afresh.experts["bytes_read"] / 2


def test_steps_go_up_to_exact_which_answers_as_the_whole_model_does(engine, model):
    options = OPEN | {"mode": m.Mode.FAST, "experts": 4, "max_tokens": 12}
    records = [answer(engine, ask(model, harder=times, conversation="up", **options)) for times in range(6)]

    assert [(r.mode, r.experts["resident_per_layer"]) for r in records] == [
        (m.Mode.FAST, 4),
        (m.Mode.BALANCED, 6),
        (m.Mode.BALANCED, 10),
        (m.Mode.BALANCED, 16),
        (m.Mode.EXACT, 16),
        (m.Mode.EXACT, 16),
    ]
    assert [r.budget["harder"] for r in records] == [0, 1, 2, 3, 4, 5]
    assert "instead of" in records[1].budget["why"]
    assert "nothing harder" in records[5].budget["why"]
    assert_right(records[4], ask(model, max_tokens=12))


# --- measured -------------------------------------------------------------------------------------------------


def measured(model, fast: dict[int, float], balanced: dict[int, float]) -> None:
    curves = ((m.Mode.FAST, fast), (m.Mode.BALANCED, balanced))
    lines = [
        Line(mode, "prefill", c, 3.0, loss, 0.0, 1 - loss, 0.0) for mode, curve in curves for c, loss in curve.items()
    ]
    profile_store.write(Checkpoint.open(model), Profile(16, "a text", 8, 999, 3.0, tuple(lines)))


def test_auto_holds_as_few_as_the_measured_model_bears(engine, model):
    unmeasured = answer(engine, ask(model, **OPEN))
    measured(model, {4: 0.5}, {4: 0.2, 6: 0.01})
    record = answer(engine, ask(model, **OPEN))

    assert unmeasured.experts["resident_per_layer"] >= 8
    assert unmeasured.budget["measured"] is None
    assert record.experts["resident_per_layer"] == 6
    assert record.budget["measured"] == {"experts": 6, "loss": 0.01, "coverage": 0.99}
    assert "Measured: balanced loses over" in record.budget["why"]


def test_a_pinned_count_that_loses_too_much_is_served_exactly_and_says_why(engine, model):
    measured(model, {4: 0.5}, {4: 0.2, 8: 0.01})
    question = ask(model, **OPEN | {"experts": 4})
    record = answer(engine, question)

    assert (record.mode, record.experts["resident_per_layer"]) == (m.Mode.EXACT, 4)
    assert any("balanced would lose too much" in note for note in record.notes)
    assert_right(record, question)


def test_what_is_pinned_whole_is_obeyed_and_its_cost_told(engine, model):
    measured(model, {4: 0.5}, {4: 0.2})
    record = answer(engine, ask(model, **OPEN | {"mode": m.Mode.FAST, "experts": 4}))

    assert (record.mode, record.experts["resident_per_layer"]) == (m.Mode.FAST, 4)
    assert "Measured: fast loses 50% with 4 experts per layer." in record.notes


def test_a_broken_profile_costs_a_sentence_and_no_answer(engine, home, model):
    measured(model, {4: 0.5}, {4: 0.2})
    profile_store.place(model).write_text("{")
    record = answer(engine, ask(model, **OPEN))

    assert record.experts["resident_per_layer"] >= 8
    assert sum("profile cannot be read; the defaults serve" in note for note in record.notes) == 1


def test_the_record_tells_the_true_active_parameters(engine, model):
    record = answer(engine, ask(model, mode=m.Mode.FAST, experts=8))
    budget = record.budget
    assert budget["k"] == 4
    assert 0 < budget["active_parameters"] < budget["held_parameters"]
    per_expert = (budget["held_parameters"] - budget["active_parameters"]) / 4
    assert np.isclose(per_expert, round(per_expert))
