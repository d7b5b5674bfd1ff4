"""`cadre transcribe` as a person and a script run it, with the recogniser that is always there."""

from __future__ import annotations

import json
from typing import ClassVar

import numpy as np
import pytest
import soundfile

from app.cli import transcribe as command
from app.cli.main import main
from engine import logs
from engine import messages as m
from engine.errors import Cancelled
from tests.speech.sounds import SURPASSED, noise


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CADRE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CADRE_ENGINE", "thread")
    monkeypatch.setattr(logs, "start", lambda: None)


def test_json_holds_words_with_times(capsys):
    assert main(["transcribe", str(SURPASSED), "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert {"never", "been"} <= set(said["text"].split())
    assert said["recogniser"].startswith("PocketSphinx")
    assert said["language"] == "en"
    assert said["seconds"] == pytest.approx(1.784, abs=0.01)
    assert [word["text"] for word in said["words"]] == said["text"].split()
    assert all(word["start"] < word["end"] for word in said["words"])
    assert said["notes"] == [
        "Written by a small built-in recogniser, which gets one word in four wrong; `--model` names a better."
    ]


def test_words_are_written_as_asked(capsys):
    assert main(["transcribe", str(SURPASSED), "--replace", "been=BEEN", "--no-fillers", "--signs"]) == 0
    assert "BEEN" in capsys.readouterr().out


def test_captions_and_what_wrote_them(capsys):
    assert main(["transcribe", str(SURPASSED), "--format", "srt"]) == 0

    out, err = capsys.readouterr()
    assert out.startswith("1\n00:00:00,")
    assert "small built-in recogniser" in err


def test_noise_gives_no_words_and_says_so(tmp_path, capsys):
    soundfile.write(tmp_path / "noise.wav", noise(3), 16_000)

    assert main(["transcribe", str(tmp_path / "noise.wav")]) == 0

    assert capsys.readouterr() == ("", "No speech was found.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([str(SURPASSED), "--replace", "been"], "does not say what to write"),
        (["nowhere.wav"], "There is no file"),
        ([str(SURPASSED), "--language", "de"], "understands only English"),
        ([str(SURPASSED), "--model", "nobody/whisper"], "No model called"),
        ([str(SURPASSED), "--clean-up"], "No model is installed that could clean up"),
        ([str(SURPASSED), "--clean-up-with", "builtin"], "is a demonstration"),
        ([str(SURPASSED), "--clean-up", "--format", "srt"], "has no times"),
    ],
)
def test_what_cannot_be_is_one_sentence(words, said, capsys):
    assert main(["transcribe", *words]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert said in err.replace("\n", " ")
    assert "Traceback" not in err


def test_stopped_half_way_keeps_what_was_written(capsys, monkeypatch):
    """The engine is scripted: Ctrl-C comes after the first words."""
    word = m.SpokenWord(" hello", 0.0, 0.5)

    class Scripted:
        def __init__(self):
            self.cancelled = False
            self.events = [m.Transcribing("transcribe", 61.0, 3600.0, (word,))]

        def send(self, sent):
            self.cancelled = self.cancelled or isinstance(sent, m.Cancel)

        def get(self, timeout=None):
            if self.events:
                return self.events.pop()
            interrupt.asked = True
            return m.Failed("transcribe", True, "The request was cancelled.", "") if self.cancelled else None

        def close(self):
            pass

    class Interrupt:
        asked = False

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    interrupt = Interrupt()
    monkeypatch.setattr(command, "interrupts", lambda: interrupt)
    with pytest.raises(Cancelled), command._Show() as show:
        command._transcript(Scripted(), m.Transcribe("transcribe", "f"), show)

    assert capsys.readouterr() == ("hello\n", "Stopped after 1:01 of the sound.\n")


def test_a_broken_off_file_is_told(tmp_path, capsys):
    samples, rate = soundfile.read(SURPASSED)
    soundfile.write(tmp_path / "whole.flac", np.tile(samples, 2), rate)
    content = (tmp_path / "whole.flac").read_bytes()
    (tmp_path / "half.flac").write_bytes(content[: len(content) // 2])

    assert main(["transcribe", str(tmp_path / "half.flac")]) == 0

    out, err = capsys.readouterr()
    assert "The file breaks off before its end" in err
    assert out.strip()


def test_a_clean_up_that_is_not_faithful_leaves_what_was_heard(tmp_path, capsys):
    """An untrained model writes anything."""
    from engine.lab.tiny import make_checkpoint

    make_checkpoint(tmp_path / "tiny", "qwen3_moe")
    assert main(["transcribe", str(SURPASSED), "--json", "--clean-up-with", str(tmp_path / "tiny")]) == 0

    said = json.loads(capsys.readouterr().out)
    assert said["cleaned"] == said["text"]
    assert said["notes"][-1].startswith("0 of 1 passages were cleaned up; one is as it was heard, because")


def test_passages_are_cleaned_up_in_turn():
    from app.cli.cleaning import clean

    words = [m.SpokenWord(" um", 0, 1), m.SpokenWord(" hello", 1, 2), m.SpokenWord(" ann", 9, 10)]

    class Scripted:
        sent: ClassVar[list[m.CleanUp]] = []

        def send(self, command):
            self.sent.append(command)

        def get(self, timeout=None):
            command = self.sent[-1]
            text = command.text.removeprefix("um ").capitalize()
            return m.CleanedUp(command.request, command.text, text, "" if "um" in command.text else "it is so", 0.1)

        def close(self):
            pass

    cleaned = clean(Scripted(), "/m", words, ("Ann",))
    assert cleaned.text == "Hello\n\nAnn"
    assert cleaned.note == "1 of 2 passages were cleaned up; one is as it was heard, because it is so."
    assert [command.words for command in Scripted.sent] == [("Ann",), ("Ann",)]


def test_a_clean_up_that_fails_loses_nothing_of_what_was_written_down(tmp_path, capsys):
    assert main(["transcribe", str(SURPASSED), "--clean-up-with", str(tmp_path)]) == 1

    out, err = capsys.readouterr()
    assert "never" in out
    assert "config.json" in err
