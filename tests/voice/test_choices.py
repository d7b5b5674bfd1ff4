"""What is said of the voices that can be chosen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.voice.choices import about, choices
from engine.models.catalogue import InstalledModel
from engine.models.folders import Source
from tests.speech.tiny_soprano import config as soprano_config


@pytest.fixture
def model(tmp_path):
    def model(voice="soprano", speech="", card=""):
        folder = tmp_path / "Soprano-80M"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps(soprano_config()))
        if card:
            (folder / "README.md").write_text(card)
        return InstalledModel("org/Soprano-80M", folder, 1, Source.CADRE, "qwen3", None, speech=speech, voice=voice)

    return model


def test_the_systems_voice_is_first_and_only_voices_follow(model):
    whisper = InstalledModel("org/whisper", Path("w"), 1, Source.CADRE, "whisper", None, speech="whisper")
    answers = InstalledModel("org/qwen", Path("q"), 1, Source.CADRE, "qwen3", None)
    found = choices([whisper, model(), answers])
    assert [(one.asked_as, one.name) for one in found] == [("", "The system's"), (str(model().path), "Soprano-80M")]


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("", "Its licence is not told in its folder."),
        ("---\nlicense: apache-2.0\n---\n", "Licence: Apache 2.0."),
        ("---\nlanguage: en\nlicense: 'cc-by-nc-4.0'\n---\nlicense: other", "Licence: cc-by-nc-4.0."),
    ],
)
def test_the_licence_is_that_of_the_card(model, card, licence):
    assert about(model(card=card)).endswith(licence)


def test_a_config_that_tells_no_size_is_no_trouble_here(model):
    found = model()
    (found.path / "config.json").write_text("{}")
    assert about(found) == "English only, small and quick. Its licence is not told in its folder."
