"""`cadre say` with the voice of this system, into files; and what happens without one."""

from __future__ import annotations

import io
import shutil
import sys

import numpy as np
import pytest
import soundfile

from app.cli.main import main
from app.voice import loudspeaker, voices
from engine import logs
from engine.errors import KnownError
from engine.speech.voices import open_voice
from tests.speech.tiny_soprano import make_soprano

needs_a_voice = pytest.mark.skipif(shutil.which(voices.system_voice().program) is None, reason="no voice installed")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(logs, "start", lambda: None)


@needs_a_voice
@pytest.mark.parametrize("name", ["said.wav", "said.flac"])
def test_a_file_is_written(tmp_path, capsys, name):
    assert main(["say", "Good morning. How are you?", "--out", str(tmp_path / name)]) == 0

    samples, rate = soundfile.read(tmp_path / name)
    assert np.abs(samples).max() > 0.05
    assert 1.0 < len(samples) / rate < 8.0
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert "seconds in" in capsys.readouterr().err


@needs_a_voice
def test_faster_is_shorter(tmp_path):
    lengths = []
    for speed in ("0.7", "2"):
        main(["say", "The quick brown fox jumps.", "--out", str(tmp_path / "a.wav"), "--speed", speed])
        lengths.append(len(soundfile.read(tmp_path / "a.wav")[0]))
    assert lengths[1] < lengths[0] * 0.7


@needs_a_voice
def test_text_from_standard_input_and_no_option_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("--help, he said"))
    assert main(["say", "-", "--out", str(tmp_path / "a.wav")]) == 0
    assert len(soundfile.read(tmp_path / "a.wav")[0]) > 5_000


def test_each_sentence_is_played_in_turn(monkeypatch):
    said: list[tuple[str, float]] = []
    played: list[voices.Spoken] = []
    fake = voices.Spoken(np.zeros(1, np.float32), 16_000)

    def speak(_self, text, speed):
        said.append((text, speed))
        return fake

    monkeypatch.setattr(voices.Voice, "speak", speak)
    monkeypatch.setattr(loudspeaker, "play", played.append)

    assert main(["say", "One. Two.", "--speed", "1.5"]) == 0

    assert said == [("One.", 1.5), ("Two.", 1.5)]
    assert played == [fake, fake]


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["say", "..."], "There is nothing to say.", 1),
        (["say", "x", "--out", "a.txt"], "a.txt has no ending that Cadre writes.", 1),
        (["say", "x", "--speed", "9"], "9 is not between 0.5 and 3", 2),
    ],
)
def test_what_cannot_be_is_one_sentence(capsys, words, said, code):
    assert main(words) == code
    assert said in capsys.readouterr().err.replace("\n", " ")


@needs_a_voice
def test_a_place_that_cannot_be_written(capsys, tmp_path):
    assert main(["say", "x", "--out", str(tmp_path / "none" / "a.wav")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_without_a_voice_there_is_a_remedy(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert main(["say", "Hello"]) == 1
    assert "There is no voice" in capsys.readouterr().err


def test_a_voice_that_fails_says_why():
    failing = voices.Voice("sh", "sh", lambda _file, _speed: ["-c", "echo no such voice >&2; exit 3"], "Mend it.")
    with pytest.raises(KnownError, match="sh failed: no such voice"):
        failing.speak("x")


@pytest.fixture(scope="module")
def soprano(tmp_path_factory):
    return make_soprano(tmp_path_factory.mktemp("voices") / "soprano")


@pytest.mark.parametrize("speed", ["1", "2"])
def test_a_voice_model_speaks_into_a_file(tmp_path, soprano, speed):
    text = "Yes. Hello there, this is a test."
    out = tmp_path / "a.wav"
    assert main(["say", text, "--voice", str(soprano), "--speed", speed, "--out", str(out)]) == 0

    samples, rate = soundfile.read(out)
    voice = open_voice(str(soprano))
    alone = [np.concatenate(list(voice.speak(part))) for part in ("Yes.", "Hello there, this is a test.")]
    voice.close()
    assert rate == 32_000
    assert len(samples) == pytest.approx(sum(map(len, alone)) / float(speed) + 0.25 * rate, abs=2)
    if speed == "1":
        assert np.abs(samples[: len(alone[0])] - np.clip(alone[0], -1, 1)).max() < 1e-4


def test_a_voice_model_is_played_a_sentence_at_a_time(monkeypatch, soprano):
    played: list[voices.Spoken] = []
    monkeypatch.setattr(loudspeaker, "play", played.append)
    assert main(["say", "Yes. Yes. Yes. Yes.", "--voice", str(soprano)]) == 0
    assert [part.rate for part in played] == [32_000] * 4
    assert all(np.array_equal(part.samples, played[0].samples) for part in played)


@pytest.mark.parametrize("voice", ["nobody", "."])
def test_a_voice_that_is_none_names_the_systems_as_the_remedy(capsys, tmp_path, monkeypatch, voice):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["say", "Hello.", "--voice", voice, "--out", str(tmp_path / "a.wav")]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "Without --voice the system's voice reads it." in said
    assert not (tmp_path / "a.wav").exists()
