"""The whole job: its report, going on after a stop, and what it says when there is nothing to measure."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from engine import messages as m
from engine.errors import Cancelled, KnownError
from engine.lab.evaluation import run, tracing
from engine.lab.evaluation.stage import Stage, open_stage
from engine.lab.jobs import run_job
from engine.lab.tiny import make_checkpoint
from engine.lab.tiny_tokenizer import tiny_tokenizer
from engine.link import ThreadEngine
from engine.routing.predictor import Predictor, save_predictor

CONTRACT = {"mode", "selector", "residency", "experts", "nll", "nll_per_byte", "agreement", "coverage"}
CONTRACT |= {"bytes_per_token"}
WAYS = ["prefill", "prefill+reselection", "prefill", "profile", "random", "lru", "lru-rationed"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("models") / "m", "qwen3_moe")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def evaluate(model: Path, progress: Any = lambda *_: None, **options: Any) -> dict[str, Any]:
    small = {"model": str(model), "documents": 2, "longest": 60, "residency": [0.5]}
    return run_job("eval", small | options, progress)


# --- the report --------------------------------------------------------------------------------------------


def test_the_report_keeps_the_contract(model: Path) -> None:
    report = json.loads(json.dumps(evaluate(model, residency=[4, 1.0])))

    rows = report["rows"]
    assert all(row.keys() >= CONTRACT for row in [*rows, *report["missing"]])
    assert [(row["mode"], row["residency"]) for row in rows if row["mode"] == "exact"] == [("exact", 1.0)]
    assert [row["selector"] for row in rows[1:]] == [way for way in WAYS for _ in (4, 16)]
    assert {(row["residency"], row["experts"]) for row in rows[1:]} == {(0.25, 4), (1.0, 16)}
    assert [e["experts"] for e in report["exact_bytes"]] == [4, 16]
    assert {row["treatment"] for row in report["missing"]} == {"best resident", "renormalise", "drop"}
    assert report["protocol"]["documents"] == 2
    assert report["protocol"]["tokens"] == 2 * 45
    assert report["model"]["experts"] == 16
    assert "cpu" in report["machine"]
    assert report["notes"] == []


def test_the_usual_residencies_go_from_the_least_to_all(model: Path) -> None:
    report = evaluate(model, residency=[], rows=["random"])
    assert [row["experts"] for row in report["rows"][1:]] == [4, 8, 12, 16]


def test_only_the_rows_asked_for(model: Path) -> None:
    report = evaluate(model, rows=["profile", "lru-rationed", "predictor"])
    assert [row["selector"] for row in report["rows"]] == ["", "profile"]
    assert report["missing"] == []
    assert len(report["notes"]) == 2


def test_a_predictor_beside_the_checkpoint_adds_its_rows(tmp_path: Path) -> None:
    model = make_checkpoint(tmp_path / "m", "qwen3_moe")
    save_predictor(model, Predictor(64, 3, 16))
    report = evaluate(model, residency=[0.5], rows=["predictor", "predictor-reselection"])
    assert [row["selector"] for row in report["rows"]] == ["", "predictor", "predictor+reselection"]
    assert report["model"]["predictor"]


def test_a_family_that_runs_exact_only_has_its_bytes(tmp_path: Path) -> None:
    report = evaluate(make_checkpoint(tmp_path / "m", "bailing_moe"), residency=[0.5, 1.0])
    assert [row["mode"] for row in report["rows"]] == ["exact"]
    assert report["exact_bytes"][0]["bytes_per_token"] > 0 == report["exact_bytes"][1]["bytes_per_token"]
    assert "exact only" in report["notes"][0]


def test_one_document_has_no_profile(model: Path) -> None:
    report = evaluate(model, documents=1)
    assert "profile" not in [row["selector"] for row in report["rows"]]
    assert "second document" in report["notes"][0]


def test_through_the_engine_finished_rows_come_as_they_are_made(model: Path) -> None:
    engine = ThreadEngine()
    try:
        options = {"model": str(model), "documents": 2, "longest": 40, "residency": [0.5], "rows": ["random"]}
        engine.send(m.Measure("e", "eval", options))
        parts: list[str] = []
        while True:
            event = engine.get(60)
            assert isinstance(event, m.Measured), event
            if event.report is not None:
                break
            parts += event.part or {}
            assert event.done < event.of
    finally:
        engine.close()
    assert parts == ["row", "exact_bytes", "row"]


# --- going on ----------------------------------------------------------------------------------------------


class Stop:
    """Cancels at the nth finished part."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, _done: int, _of: int, _what: str, part: dict[str, Any] | None = None) -> None:
        self.left -= part is not None
        if not self.left:
            raise Cancelled


def test_a_stopped_evaluation_goes_on_where_it_was(model: Path, home: Path, monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        evaluate(model, Stop(5))
    again = Mock(side_effect=tracing.trace)
    monkeypatch.setattr(run, "trace", again)
    measured = Mock(return_value=None)
    whole = run._Evaluation._measured
    monkeypatch.setattr(run._Evaluation, "_measured", lambda self, cell: measured() or whole(self, cell))

    report = evaluate(model)

    assert again.call_count == 0
    assert measured.call_count == len(report["rows"]) + len(report["missing"]) - 4  # three rows and exact were there
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "another"))
    assert_same(report, evaluate(model))


def test_a_stop_in_the_middle_of_exact_keeps_its_documents(model: Path, monkeypatch) -> None:
    whole, turns = tracing.trace, Mock(side_effect=[None, Cancelled])
    monkeypatch.setattr(run, "trace", lambda *args: (turns(), whole(*args))[1])
    with pytest.raises(Cancelled):
        evaluate(model, rows=["exact"])
    rest = Mock(side_effect=whole)
    monkeypatch.setattr(run, "trace", rest)
    evaluate(model, rows=["exact"])
    assert rest.call_count == 1


def test_what_is_finished_is_not_measured_again_unless_asked(model: Path, monkeypatch) -> None:
    first = evaluate(model, rows=["random"])
    again = Mock(side_effect=tracing.trace)
    monkeypatch.setattr(run, "trace", again)
    assert_same(first, evaluate(model, rows=["random"]))
    assert again.call_count == 0
    assert_same(first, evaluate(model, rows=["random"], fresh=True))
    assert again.call_count == 2


@pytest.mark.parametrize("options", [{"seed": 1}, {"longest": 50}, {"documents": 3}])
def test_other_settings_are_another_evaluation(options: dict[str, Any], model: Path, monkeypatch) -> None:
    evaluate(model, rows=["random"])
    again = Mock(side_effect=tracing.trace)
    monkeypatch.setattr(run, "trace", again)
    evaluate(model, rows=["random"], **options)
    assert again.call_count > 0


def test_nothing_that_tells_of_the_text_stays(model: Path, home: Path) -> None:
    evaluate(model, rows=["random"])
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["rows.json"]


def test_what_nobody_went_on_with_for_a_month_is_deleted(model: Path, home: Path) -> None:
    old = home / "records" / "eval-0"
    recent = home / "records" / "eval-1"
    for folder, days in ((old, 31), (recent, 29)):
        folder.mkdir(parents=True)
        at = time.time() - days * 86400
        os.utime(folder, (at, at))
    evaluate(model, rows=["exact"])
    assert [old.exists(), recent.exists()] == [False, True]


def test_a_broken_record_is_made_anew(model: Path, home: Path) -> None:
    first = evaluate(model, rows=["random"])
    next(home.rglob("rows.json")).write_text("{not JSON")
    assert_same(first, evaluate(model, rows=["random"]))


def assert_same(report: dict[str, Any], other: dict[str, Any]) -> None:
    for ours, theirs in zip(report["rows"], other["rows"], strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5)


# --- what cannot be measured -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rows": ["nonsense"]}, "no row nonsense"),
        ({"residency": [17]}, "16 experts per layer, not 17"),
        ({"longest": 20}, "shorter than"),
        ({"text": "/not/there.txt"}, "cannot be read"),
        ({"memory": 1_000_000}, "memory"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(options: dict[str, Any], said: str, model: Path) -> None:
    with pytest.raises(KnownError, match=said) as error:
        evaluate(model, **options)
    assert error.value.next_step


def test_a_dense_model_has_nothing_to_choose(tmp_path: Path) -> None:
    import mlx.core as mx

    folder = tmp_path / "dense"
    folder.mkdir()
    mx.save_safetensors(str(folder / "model.safetensors"), {"lm_head.weight": mx.zeros((4, 4))})
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen3"} | tiny_tokenizer(folder, 512)))
    with pytest.raises(KnownError, match="no experts"):
        evaluate(folder)


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(KnownError, match="no folder"):
        evaluate(Path("/not/there"))


def test_memory_for_few_experts_gives_fewer_rows(model: Path, monkeypatch) -> None:
    def small_memory(*args: Any) -> Stage:
        stage = open_stage(*args)
        return Stage(stage.opened, 8, stage.piece, stage.pulse)

    monkeypatch.setattr(run, "open_stage", small_memory)
    report = evaluate(model, residency=[0.5, 1.0], rows=["random"])
    assert [row["experts"] for row in report["rows"]] == [16, 8]
    assert "Memory holds 8 of 16" in report["notes"][0]
