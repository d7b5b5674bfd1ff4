"""`cadre tune` as a person and a script run it, on a small model with a real engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.cli import tune as command
from app.cli.main import main
from engine import logs
from engine import messages as m
from engine.errors import Cancelled
from engine.lab.tiny import make_checkpoint

TEXT = "One, two, three: the numbers are counted from one to ten and then from ten to one, again and again. " * 2


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CADRE_ENGINE", "thread")
    monkeypatch.setattr(logs, "start", lambda: None)


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    (tmp_path / "t.txt").write_text("\n\n".join([TEXT] * 3), encoding="utf-8")
    model = make_checkpoint(tmp_path / "m", "qwen3_moe")
    return ["tune", str(model), "--text", str(tmp_path / "t.txt"), "--out", str(tmp_path / "out"), "--steps", "1"]


def test_it_says_what_was_won_and_where_the_model_is(words: list[str], tmp_path: Path, capsys) -> None:
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "All experts, exact" in out
    assert "4 of 16, chosen by the prompt" in out
    assert (tmp_path / "out" / "config.json").exists()

    assert main(words) == 1
    assert "holds a model already" in capsys.readouterr().err


def test_json_is_one_object(words: list[str], capsys) -> None:
    assert main([*words, "--experts", "8", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["experts"] == 8
    assert {"before", "after", "memory", "steps", "tokens", "won_back", "out", "predictor", "notes"} <= report.keys()
    assert {"base", "dense", "banks", "kv", "activations", "promised", "limit"} <= report["memory"].keys()


def test_known_failures_and_wrong_usage(words: list[str], tmp_path: Path, capsys) -> None:
    assert main([*words, "--memory", "20MB"]) == 1
    assert "--memory" in capsys.readouterr().err
    assert main(["tune", words[1], "--text", str(tmp_path / "none.txt")]) == 1
    assert "none.txt" in capsys.readouterr().err
    assert main(["tune", words[1]]) == 2
    assert main([*words, "--steps", "0"]) == 2


@pytest.mark.parametrize(("part", "said"), [({"step": 7}, "after step 7"), (None, "")])
def test_who_stops_it_learns_that_it_can_go_on(part: Any, said: str, words: list[str], capsys, monkeypatch) -> None:
    def stopped(_job: str, _options: Any, tell: Any) -> Any:
        tell(m.Measured("tune", "tune", 7, 20, "", part=part))
        raise Cancelled

    monkeypatch.setattr(command, "measured", stopped)
    assert main(words) == 130
    assert said in capsys.readouterr().err
