"""Where things lie, on each system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine.models import places


@pytest.fixture(autouse=True)
def _plain(monkeypatch):
    for name in ("CADRE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")


def test_on_macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert places.models() == Path("/home/ada/Library/Application Support/Cadre/models")


def test_on_linux(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    assert places.models() == Path("/home/ada/.local/share/cadre/models")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert places.models() == Path("/data/cadre/models")


def test_moved_as_a_whole(monkeypatch):
    monkeypatch.setenv("CADRE_HOME", "~/other")
    assert places.models() == Path("/home/ada/other/models")


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/cache/models--org--name/snapshots/c0ffee", "org/name"),
        ("/cache/models--gpt2/snapshots/c0ffee", "gpt2"),
        ("/models/snapshots/name", "name"),
        ("/models/name/", "name"),
        ("/models/other/../name", "name"),
    ],
)
def test_what_a_model_folder_is_called(folder, name):
    assert places.model_name(Path(folder)) == name
