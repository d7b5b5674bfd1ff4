"""A stored profile serves the files it was measured on, and nothing else; what does not serve costs one sentence."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from engine.budget import profile_store
from engine.budget.profile import Profile
from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.lab.tiny import make_checkpoint
from tests.budget.test_standard import profile as some_profile


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    return make_checkpoint(tmp_path / "model", "qwen3_moe")


PROFILE: Profile = replace(some_profile({4: 0.1, 8: 0.02}, {4: 0.05, 8: 0.01}), experts=16)


def read(folder):
    return profile_store.read(Checkpoint.open(folder), 16)


def write(folder):
    return profile_store.write(Checkpoint.open(folder), PROFILE)


def test_nobody_measured_anything_and_nothing_is_said(folder):
    assert read(folder) == profile_store.Stored()


def test_what_was_written_is_read(folder):
    write(folder)
    assert read(folder) == profile_store.Stored(PROFILE)


@pytest.mark.parametrize("changed", ["model.safetensors", "config.json", "predictor.safetensors"])
def test_it_does_not_serve_files_that_changed_since(folder, changed):
    write(folder)
    file = folder / changed
    file.touch()
    os.utime(file, (1, 1))

    stored = read(folder)

    assert stored.profile is None
    assert "has changed since it was measured" in stored.note
    assert "cadre calibrate" in stored.note


def _without_balanced(content):
    content["profile"]["lines"] = [line for line in content["profile"]["lines"] if line["mode"] != "balanced"]


def _line(**changes):
    return lambda content: content["profile"]["lines"][0].update(changes)


BROKEN = {
    "another version": lambda content: content.update(schema=2),
    "no schema": lambda content: content.pop("schema"),
    "no lines": lambda content: content["profile"].pop("lines"),
    "a mode that is none": _line(mode="slow"),
    "a loss that is none": _line(loss="much"),
    "an endless loss": _line(loss=float("inf")),
    "half an expert": _line(residents=4.5),
    "partial": _without_balanced,
    "of another shape": lambda content: content["profile"].update(experts=32),
}


@pytest.mark.parametrize("broken", list(BROKEN))
def test_one_that_is_broken_or_partial_is_said_and_not_used(folder, broken):
    place = write(folder)
    content = json.loads(place.read_text())
    BROKEN[broken](content)
    place.write_text(json.dumps(content))

    stored = read(folder)

    assert stored.profile is None
    assert stored.note.endswith("`cadre calibrate` measures it anew.")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"null", b'{"schema": 1}'])
def test_bytes_that_are_no_profile(folder, content):
    write(folder).write_bytes(content)
    assert read(folder).profile is None
    assert read(folder).note


def test_a_disk_that_refuses_is_said_and_the_old_one_stays(folder, monkeypatch):
    place = write(folder)
    before = place.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "No space left on device")))

    with pytest.raises(KnownError, match="No space left") as refused:
        profile_store.write(Checkpoint.open(folder), replace(PROFILE, documents=3))

    assert "what was measured is kept" in refused.value.next_step
    assert place.read_bytes() == before


# --- beside the model -----------------------------------------------------------------------------------------


def test_what_was_shipped_serves_wherever_the_folder_was_copied_to(folder, tmp_path):
    profile_store.ship(Checkpoint.open(folder), PROFILE)
    copied = tmp_path / "copied"
    copied.mkdir()
    for file in folder.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())  # with times of its own
    assert read(copied) == profile_store.Stored(PROFILE)


@pytest.mark.parametrize("changed", ["model.safetensors", "config.json", "predictor.safetensors"])
def test_what_was_shipped_does_not_serve_other_contents(folder, changed):
    (folder / "predictor.safetensors").write_bytes(b"one")
    profile_store.ship(Checkpoint.open(folder), PROFILE)
    assert read(folder).profile is not None
    with (folder / changed).open("ab") as file:
        file.write(b" ")

    stored = read(folder)

    assert stored.profile is None
    assert "has changed since it was measured" in stored.note


def test_what_was_measured_here_goes_before_what_was_shipped(folder):
    mine = replace(PROFILE, documents=3)
    profile_store.ship(Checkpoint.open(folder), PROFILE)
    profile_store.write(Checkpoint.open(folder), mine)
    assert read(folder) == profile_store.Stored(mine)


def test_a_broken_record_of_ones_own_leaves_what_was_shipped(folder):
    profile_store.ship(Checkpoint.open(folder), PROFILE)
    profile_store.write(Checkpoint.open(folder), PROFILE).write_text("{")
    assert read(folder) == profile_store.Stored(PROFILE)
