"""What the person set, through broken files and other versions."""

from __future__ import annotations

import json

import pytest

from app import settings
from app.settings import Settings
from engine.errors import KnownError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cadre" / "settings.json"


def test_without_a_file_the_defaults_serve(path):
    assert settings.load(path) == Settings()


def test_what_is_saved_is_loaded_and_private(path):
    settings.save(Settings(network=False), path)
    assert settings.load(path) == Settings(network=False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "\xff\xfe", "[" * 100_000])
def test_a_broken_file_is_kept_beside(path, content):
    path.parent.mkdir()
    path.write_text(content, encoding="latin-1")
    assert settings.load(path) == Settings()
    assert path.with_name("settings.json.unread").exists()
    settings.save(Settings(network=False), path)
    assert settings.load(path) == Settings(network=False)


@pytest.mark.parametrize("value", ["no", 0, None, [], 0.5])
def test_a_value_of_the_wrong_kind_is_as_if_it_were_not_there(path, value):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 1, "network": value}))
    assert settings.load(path) == Settings()


def test_what_a_newer_cadre_keeps_survives(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"version": 9, "network": False, "colour": "green"}))
    settings.save(Settings(network=True), path)
    assert json.loads(path.read_text())["colour"] == "green"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KnownError, match="could not be written"):
        settings.save(Settings(), tmp_path / "file" / "settings.json")


def test_the_switch(path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(path.parent))
    assert settings.network_allowed()
    settings.save(Settings(network=False))
    assert not settings.network_allowed()
