"""The replay of a day on a tiny model with few requests: drawn by the seed, all answered, and added up."""

from __future__ import annotations

import pytest

from engine.budget.request import UseCase
from engine.lab.day import drawn, lived, told
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.link import ThreadEngine
from engine.training.difficulty.prompts import Example


@pytest.fixture
def examples():
    cases = (UseCase.COMMAND, UseCase.QUESTION, UseCase.CODE, UseCase.MATHEMATICS, UseCase.DICTATION)
    return [Example(f"{case}: thing {n}", "test", case) for case in cases for n in range(5)]


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    made = ThreadEngine()
    yield made
    made.close()


def test_a_seed_draws_the_same_mixed_requests(examples):
    one, again, other = (drawn(examples, 12, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert len({example.text for example in one}) == 12
    assert len({example.use_case for example in one}) == 5


def test_a_day_adds_up(engine, examples, tmp_path):
    model = str(make_checkpoint(tmp_path / "m", "qwen3_moe", quantization=QUANTIZATIONS["affine4"]))
    day = lived(engine, model, drawn(examples, 5, 0), max_tokens=4)
    report = told(day)

    assert (report["requests"], report["failed"]) == (5, [])
    assert report["tokens"] == sum(record.tokens["generated"] for record in day.records)
    assert report["bytes_read"] == sum(record.experts["bytes_read"] for record in day.records) > 0
    assert report["bytes_afresh"] == sum(r.experts["resident_per_layer"] for r in day.records) * day.slot_bytes > 0
    assert report["over_the_limit"] == 0
    assert 0 < report["coverage"] <= 1


def test_what_fails_is_counted_and_the_day_goes_on(engine, examples, tmp_path):
    report = told(lived(engine, str(tmp_path / "nothing"), drawn(examples, 2, 0)))
    assert (report["requests"], len(report["failed"])) == (0, 2)
