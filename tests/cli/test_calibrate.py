"""`cadre calibrate` as a person and a script run it, and /harder in the terminal chat, with a real engine."""

from __future__ import annotations

import argparse
import io
import json

import pytest
from rich.console import Console

from app.cli import calibrate as command
from app.cli import chat
from app.cli.main import main
from app.cli.options import add_model_options
from engine import logs
from engine import messages as m
from engine.errors import Cancelled
from engine.lab.tiny import make_checkpoint

SMALL = ["--documents", "2", "--longest", "48"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(make_checkpoint(tmp_path_factory.mktemp("models") / "tiny", "qwen3_moe"))


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    monkeypatch.setenv("CADRE_ENGINE", "thread")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(logs, "start", lambda: None)


def test_it_prints_the_curves_and_the_next_answer_goes_by_them(model, capsys) -> None:
    assert main(["calibrate", model, *SMALL]) == 0
    page = capsys.readouterr().out
    assert main(["ask", "Why?", "--model", model, "--max-tokens", "2", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)

    for words in ("Fast", "Balanced", "4 (25%)", "14 (87.5%)", "2 documents"):
        assert words in page
    assert "…" not in page
    assert record["budget"]["measured"]["experts"] <= record["experts"]["resident_per_layer"]


def test_json_is_one_object(model, capsys) -> None:
    assert main(["calibrate", model, *SMALL, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"model", "points", "profile", "stored", "notes", "machine"} == report.keys()
    assert report["model"] == "tiny"


def test_what_cannot_be_measured_is_one_sentence(model, capsys) -> None:
    assert main(["calibrate", model, "--text", "/not/there.txt"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["calibrate", "no-such-model"]) == 1
    assert "No model called no-such-model" in capsys.readouterr().err


def test_stopped_it_says_that_it_goes_on(model, capsys, monkeypatch) -> None:
    def stopped(_job, _options, tell):
        tell(m.Measured("calibrate", "calibrate", 1, 9, "prefill, 4 experts", part={"row": {}}))
        raise Cancelled

    monkeypatch.setattr(command, "measured", stopped)
    assert main(["calibrate", model]) == 130
    assert "the same command goes on from there" in capsys.readouterr().err


# --- the chat -------------------------------------------------------------------------------------------------


class Answering:
    """Stands for `session.answer`: notes what was asked."""

    def __init__(self) -> None:
        self.asked: list[m.Ask] = []

    def __call__(self, _engine, ask: m.Ask, _show) -> m.Record:
        self.asked.append(ask)
        memory = m.Memory(0, 0, 0, 0, 0, 0, 0, 0)
        experts = {"total": 0}
        budget = {"why": f"Step {ask.harder}."}
        text = f"answer {len(self.asked)}"
        return m.Record(text, "stop", "m", m.Mode.EXACT, budget, {"generated": 2}, experts, {}, 0.0, memory, ())


@pytest.fixture
def typed(model, monkeypatch):
    """A chat, and what it asks the engine when lines are typed."""
    parser = argparse.ArgumentParser()
    add_model_options(parser)
    engine = Answering()
    monkeypatch.setattr(chat, "answer", engine)
    made = chat.Chat(None, parser.parse_args(["--model", model]), Console(file=io.StringIO()))  # type: ignore[arg-type]  # nothing is sent

    def type_in(*lines: str) -> list[m.Ask]:
        for line in lines:
            made._take(line)
        return engine.asked

    return type_in


def test_harder_asks_the_last_question_again_a_step_up(typed) -> None:
    asked = typed("First?", "/harder", "/harder", "Second?")

    assert [ask.harder for ask in asked] == [0, 1, 2, 0]
    assert [ask.turns[-1].content for ask in asked] == ["First?", "First?", "First?", "Second?"]
    assert len({ask.conversation for ask in asked}) == 1
    assert [turn.content for turn in asked[-1].turns] == ["First?", "answer 3", "Second?"]


def test_harder_without_an_answer_says_so(typed, capsys) -> None:
    assert typed("/harder") == []
    assert "no answer yet" in capsys.readouterr().out
