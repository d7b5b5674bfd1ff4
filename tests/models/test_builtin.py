"""The built-in model is made once, and whole or not at all."""

from __future__ import annotations

import pytest

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.lab import tiny
from engine.models import builtin, places


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "cadre"))


def test_it_is_made_when_it_is_missing():
    folder = builtin.ensure()

    assert folder == places.builtin()
    assert layout(Checkpoint.open(folder)).experts == 32
    assert [entry.name for entry in places.home().iterdir()] == [folder.name]


def test_it_is_made_once():
    made = (builtin.ensure() / "config.json").stat().st_mtime_ns
    assert (builtin.ensure() / "config.json").stat().st_mtime_ns == made


@pytest.mark.parametrize("by", ["name", "path"])
def test_asking_for_it_makes_it(by):
    assert builtin.folder_of("builtin" if by == "name" else str(places.builtin())) == places.builtin()
    assert (places.builtin() / "config.json").exists()


def test_other_models_are_found_where_they_are(tmp_path):
    assert builtin.folder_of(str(tmp_path)) == tmp_path
    assert not places.builtin().exists()


def test_one_that_was_left_unfinished_is_made_again():
    places.builtin().mkdir(parents=True)
    (places.builtin() / "model.safetensors").touch()
    assert Checkpoint.open(builtin.ensure()).model_type == "qwen3_moe"


def test_a_failure_leaves_nothing_behind(monkeypatch):
    def fail(folder):
        folder.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tiny, "random_checkpoint", fail)
    with pytest.raises(KnownError, match="No space left on device"):
        builtin.ensure()
    assert list(places.home().iterdir()) == []
