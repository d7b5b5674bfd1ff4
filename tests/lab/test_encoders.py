"""Measuring encoders at their true widths: what is asked for, and what is said of it. The runs take minutes."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from engine.lab import encoders
from engine.lab.published_encoders import PUBLISHED, published
from engine.lab.sighted_families import SIGHTED


def within(family, depth=None):
    config = published(family, depth).config
    return config.get("thinker_config", config)


def test_every_family_that_sees_is_there():
    assert PUBLISHED.keys() == SIGHTED.keys()


@pytest.mark.parametrize("family", sorted(PUBLISHED))
def test_the_language_part_takes_what_the_encoder_puts_out(family):
    config = within(family)
    out = config["vision_config"].get("out_hidden_size", PUBLISHED[family].width)

    assert config["text_config"]["hidden_size"] == PUBLISHED[family].width == out
    assert config["vision_config"][PUBLISHED[family].depth] in (24, 27, 34)


def test_a_shallower_encoder_keeps_its_widths_and_its_rows_for_later_layers():
    whole, shallow = within("qwen3_vl_moe")["vision_config"], within("qwen3_vl_moe", 3)["vision_config"]

    assert (whole["deepstack_visual_indexes"], shallow["deepstack_visual_indexes"]) == ([8, 16, 24], [0, 1, 2])
    assert {**whole, "depth": 3, "deepstack_visual_indexes": [0, 1, 2]} == shallow


@pytest.fixture
def asked(monkeypatch):
    """What was asked, when every answer's peak is half a gigabyte over a promise of one."""
    requests: list[dict[str, object]] = []

    def answer(folder, given):
        (request,) = given
        requests.append(request)
        memory = {"base": 1, "peak": 1_500_000_000, "promised": 1_000_000_000, "limit": 2}
        shown = [Path(file) for kind in ("images", "audio") for file in request.get(kind, ())]
        assert all(file.is_file() for file in shown)
        for file in (file for file in shown if file.suffix == ".png"):
            with Image.open(file) as image:
                assert image.size == (640, 448)
        return [SimpleNamespace(memory=memory, prompt_tokens=12)], {}

    monkeypatch.setattr(encoders, "ask_in_child", answer)
    monkeypatch.setattr(encoders, "_call", lambda *words: None)
    return requests


def test_a_promise_that_is_not_kept_fails_the_command(asked, capsys, tmp_path):
    code = encoders.main(["--family", "gemma4", "--side", "640", "--depth", "3", "--room", str(tmp_path), "--json"])

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert [(line["what"], line["within"], line["depth"]) for line in lines] == [
        ("1 of 640 x 448", False, 3),
        ("2 of 640 x 448", False, 3),
    ]
    assert [len(request["images"]) for request in asked] == [1, 2]
    assert list(tmp_path.iterdir()) == []


def test_sounds_are_for_those_that_hear(asked, capsys, tmp_path):
    words = [
        "--family",
        "gemma4",
        "--family",
        "qwen3_omni_moe",
        "--pictures",
        "--seconds",
        "1",
        "--room",
        str(tmp_path),
    ]
    encoders.main(words)

    assert [list(request)[-1] for request in asked] == ["audio"]
    assert "qwen3_omni_moe  1 of 1 seconds" in capsys.readouterr().out
