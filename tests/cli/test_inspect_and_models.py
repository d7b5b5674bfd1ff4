"""The pages of `cadre inspect` and `cadre models`, as a person and as a script gets them."""

from __future__ import annotations

import argparse
import json

import pytest

from app.cli import inspect, models
from app.numbers import listed, parameters, share, size
from engine import messages as m
from engine.budget import profile_store
from engine.budget.profile import Line, Profile
from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.lab.tiny import make_checkpoint
from engine.models import places
from tests.checkpoint.writing import experts, model


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "cadre"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(places, "builtin", lambda: tmp_path / "builtin")


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    inspect.add_parser(subparsers)
    models.add_parser(subparsers)
    args = parser.parse_args(words)
    code: int = args.run(args)
    return code


def test_inspect_explains_a_folder(tmp_path, capsys):
    folder = model(tmp_path / "Tiny", experts("mlp"), num_experts_per_tok=2, max_position_embeddings=4096)

    assert run("inspect", str(folder)) == 0

    page = capsys.readouterr().out
    for words in ("Tiny", "4 in each of 1 layers, 2 used per token", "4 of 4", "50 %", "fits", "4,096 tokens"):
        assert words in page
    assert max(map(len, page.splitlines())) <= 120


def test_inspect_of_a_dense_model(tmp_path, capsys):
    run("inspect", str(model(tmp_path / "Tiny", {"w.weight": ("F32", (2, 2))}, model_type="llama")))
    page = capsys.readouterr().out
    assert "dense model" in page
    assert "In memory" not in page


def test_inspect_of_a_type_nobody_knows(tmp_path, capsys):
    run("inspect", str(model(tmp_path / "Tiny", {"w.weight": ("F32", (2, 2))}, model_type="bert")))
    assert "no models of this type" in capsys.readouterr().out


def test_inspect_takes_an_installed_name_and_prints_one_object(capsys):
    model(places.models() / "org" / "tiny", experts("mlp"))
    run("inspect", "tiny", "--json")
    assert json.loads(capsys.readouterr().out)["experts"] == 4


def test_inspect_lets_a_known_error_through(tmp_path):
    with pytest.raises(KnownError, match="There is no folder"):
        run("inspect", str(tmp_path / "nothing"))


def test_models_says_how_to_get_one_as_long_as_there_is_none_but_the_demonstration(capsys):
    assert run("models") == 0
    assert "cadre pull" in capsys.readouterr().out
    model(places.builtin(), experts("mlp"))
    assert run("models") == 0
    assert "cadre pull" in capsys.readouterr().out
    model(places.models() / "tiny", experts("mlp"))
    assert run("models") == 0
    assert "cadre pull" not in capsys.readouterr().out


def test_models_lists_what_is_here_and_what_is_wrong_with_it(capsys):
    model(places.models() / "org" / "tiny", experts("mlp"))
    (model(places.models() / "org" / "broken", experts("mlp")) / "config.json").unlink()
    run("models")
    page = capsys.readouterr().out
    for words in ("org/tiny", "qwen3_moe", "Cadre", "org/broken", "config.json is"):
        assert words in page


def test_models_prints_one_object(capsys):
    folder = model(places.models() / "tiny", experts("mlp"))
    run("models", "--json")
    (found,) = json.loads(capsys.readouterr().out)["models"]
    assert (found["name"], found["path"], found["source"]) == ("tiny", str(folder), "cadre")
    assert found["problem"] is None


@pytest.mark.parametrize(
    ("count", "words"),
    [(4_620_000_000, "4.6 GB"), (310_400_000, "0.3 GB"), (12_000_000, "12 MB"), (1_500_000, "1.5 MB"),
     (99_960_000, "0.1 GB"), (999_600, "1.0 MB"), (12_345, "12 KB"), (7, "7 bytes")],
)  # fmt: skip
def test_sizes(count, words):
    assert size(count) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (30_530_000_000, "30.5 B"),
        (999_600_000, "1.0 B"),
        (310_400_000, "310 M"),
        (1_500_000, "1.5 M"),
        (695_840, "695,840"),
    ],
)
def test_parameters(count, words):
    assert parameters(count) == words


def test_shares_and_lists():
    assert [share(p) for p in (1.0, 0.375, 0.0625)] == ["100 %", "37.5 %", "6.2 %"]
    assert [listed(["a", "b", "c"][:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]


def test_what_was_measured_stands_beside_the_points(tmp_path, capsys):
    folder = make_checkpoint(tmp_path / "Tiny", "qwen3_moe")
    run("inspect", str(folder))
    before = capsys.readouterr().out
    losses = {m.Mode.FAST: 0.125, m.Mode.BALANCED: 0.01}
    lines = (Line(mode, "prefill", 8, 3.0, loss, 0.0, 0.9, 0.0) for mode, loss in losses.items())
    profile_store.write(Checkpoint.open(folder), Profile(16, "mine.txt", 4, 99, 3.0, tuple(lines)))

    run("inspect", str(folder))
    page = capsys.readouterr().out
    run("inspect", str(folder), "--json")
    points = json.loads(capsys.readouterr().out)["points"]

    assert "`cadre calibrate` measures it" in before
    assert "Fast loses" not in before
    assert "12.5 %" in next(line for line in page.splitlines() if "8 of 16" in line)
    assert "measured on mine.txt" in page
    assert [point["loss"] for point in points if point["experts"] == 8] == [{"fast": 0.125, "balanced": 0.01}]
    assert [point["tiers"] for point in points if point["experts"] in (4, 8)] == [["4b"], ["1b", "2b"]]


def test_a_profile_of_files_that_changed_is_told(tmp_path, capsys):
    folder = make_checkpoint(tmp_path / "Tiny", "qwen3_moe")
    lines = tuple(Line(mode, "prefill", 8, 3.0, 0.1, 0.0, 0.9, 0.0) for mode in (m.Mode.FAST, m.Mode.BALANCED))
    profile_store.write(Checkpoint.open(folder), Profile(16, "a text", 4, 99, 3.0, lines))
    (folder / "config.json").write_text((folder / "config.json").read_text() + "\n")

    run("inspect", str(folder))

    assert "The model has changed since it was measured." in " ".join(capsys.readouterr().out.split())


def test_models_says_which_were_measured(capsys):
    folder = make_checkpoint(places.models() / "org" / "tiny", "qwen3_moe")
    lines = tuple(Line(mode, "prefill", 8, 3.0, 0.1, 0.0, 0.9, 0.0) for mode in (m.Mode.FAST, m.Mode.BALANCED))
    profile_store.write(Checkpoint.open(folder), Profile(16, "a text", 4, 99, 3.0, lines))

    run("models", "--json")

    assert [one["measured"] for one in json.loads(capsys.readouterr().out)["models"]] == [True]
