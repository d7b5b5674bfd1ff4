"""The calibrate job on a tiny model: measured by the evaluation, stored, and gone on with where it was stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.budget import profile_store
from engine.budget.profile import Served
from engine.checkpoint.folder import Checkpoint
from engine.errors import Cancelled, KnownError
from engine.lab.jobs import run_job
from engine.lab.tiny import make_checkpoint
from engine.messages import Mode
from engine.routing.predictor import Predictor, save_predictor


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp("models") / "m", "qwen3_moe")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def calibrate(model: Path, progress: Any = lambda *_: None, **options: Any) -> dict[str, Any]:
    small = {"model": str(model), "documents": 2, "longest": 48}
    return run_job("calibrate", small | options, progress)


@pytest.fixture(scope="module")
def calibrated(model, tmp_path_factory):
    """(CADRE_HOME, report)"""
    folder = tmp_path_factory.mktemp("calibrated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADRE_HOME", str(folder))
        return folder, calibrate(model)


def test_it_measures_every_point_in_the_modes_that_answers_have(calibrated: Any) -> None:
    report = json.loads(json.dumps(calibrated[1]))

    lines = report["profile"]["lines"]
    assert [point["residents"] for point in report["points"]] == [4, 6, 8, 10, 12, 14, 16]
    for mode in ("fast", "balanced", "exact"):
        assert [line["residents"] for line in lines if line["mode"] == mode] == [4, 6, 8, 10, 12, 14]
    assert {line["selector"] for line in lines} == {"", "prefill"}
    assert all(0 < line["coverage"] <= 1 for line in lines)
    assert report["profile"]["text"] == "the text that comes with Cadre"


def test_it_is_the_evaluations_own_figures(model: Path, calibrated: Any) -> None:
    profile = calibrated[1]["profile"]
    evaluated = run_job(
        "eval",
        {"model": str(model), "documents": 2, "longest": 48, "residency": [8], "rows": ["prefill"], "fresh": True},
        lambda *_: None,
    )
    (line,) = [one for one in profile["lines"] if (one["mode"], one["residents"]) == (Mode.FAST, 8)]
    exact, row = evaluated["rows"]
    assert profile["exact_nll"] == pytest.approx(exact["nll"])
    assert [line["loss"], line["coverage"]] == pytest.approx([row["loss"], row["coverage"]])


def test_the_profile_is_stored_and_serves(model: Path, calibrated: Any, monkeypatch) -> None:
    folder, report = calibrated
    monkeypatch.setenv("CADRE_HOME", str(folder))
    stored = profile_store.read(Checkpoint.open(model), 16).profile
    assert stored is not None
    assert len(stored.lines) == len(report["profile"]["lines"])
    assert stored.of(Served(Mode.FAST))[0].residents == 4


def test_where_there_is_a_predictor_it_is_measured_too(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "m", "qwen3_moe")
    save_predictor(folder, Predictor(64, 3, 16))
    calibrate(folder, documents=1)
    stored = profile_store.read(Checkpoint.open(folder), 16).profile
    assert stored is not None
    assert {line.selector for line in stored.of(Served(Mode.FAST))} == {"predictor"}


def test_stopped_it_goes_on_and_leaves_no_half_profile(model: Path) -> None:
    parts = 0

    def stop(_done: int, _of: int, _what: str, part: dict[str, Any] | None = None) -> None:
        nonlocal parts
        parts += part is not None
        if parts == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        calibrate(model, stop)
    assert profile_store.read(Checkpoint.open(model), 16) == profile_store.Stored()
    done: list[int] = []
    calibrate(model, lambda at, _of, what, part=None: done.append(at) if "experts" in what and part is None else None)
    assert min(done) > 10  # rows that were there are counted, not measured
    assert profile_store.read(Checkpoint.open(model), 16).profile is not None


def test_ones_own_text_is_named_and_nothing_of_it_is_kept(model: Path, home: Path, tmp_path: Path) -> None:
    text = tmp_path / "mine.txt"
    text.write_text("\n\n".join(["The secret garden behind the house is full of roses and thyme. " * 4] * 3))
    report = calibrate(model, text=str(text), documents=1)
    assert report["profile"]["text"] == "mine.txt"
    kept = b"".join(file.read_bytes() for file in home.rglob("*") if file.is_file())
    assert b"garden" not in kept


@pytest.mark.parametrize(
    ("family", "said"), [("bailing_moe", "runs exact only"), ("mixtral", "works with all of its experts only")]
)
def test_where_there_is_nothing_to_choose_it_says_so(family: str, said: str, tmp_path: Path) -> None:
    overrides = {"num_local_experts": 2, "num_experts_per_tok": 2} if family == "mixtral" else {}
    with pytest.raises(KnownError, match=said):
        calibrate(make_checkpoint(tmp_path / "m", family, overrides=overrides))


def test_memory_that_holds_no_point_is_said(model: Path) -> None:
    with pytest.raises(KnownError, match="memory"):
        calibrate(model, memory=1_000_000)
