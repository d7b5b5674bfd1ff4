"""Conversations as prompts: whatever a picture's shape, its tokens can be told and are those of the prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.lab.sighted_families import SIGHTED
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.messages import Turn
from engine.vision import reader as reader_module
from engine.vision.families import Sense
from engine.vision.picture import open_picture
from engine.vision.reader import Reader
from tests.vision.pictures import png
from tests.vision.sounds import noise, wav


@pytest.fixture(scope="module", params=sorted(SIGHTED))
def reader(request, tmp_path_factory):
    folder = make_sighted_checkpoint(tmp_path_factory.mktemp("read") / request.param, request.param)
    return Reader(Checkpoint.open(folder))


def test_pictures_of_any_shape_take_tokens(reader):
    for width, height in ((1, 1), (5, 5), (3, 300), (300, 3), (400, 300)):
        turn = Turn("user", "", (png(width, height),))
        look = reader.read([turn])

        assert 0 < look.count(Sense.SIGHT) <= reader.count(turn), f"{width} x {height}"


def test_two_pictures_take_what_each_takes(reader):
    one, two = png(50, 70, seed=1), png(90, 40, seed=2)

    assert reader.count(Turn("user", "", (one, two))) == sum(reader.count(Turn("user", "", (p,))) for p in (one, two))


def test_a_mark_that_a_person_wrote_takes_no_picture(reader):
    mark = SIGHTED[reader.config.model_type].picture
    with pytest.raises(KnownError, match="do not fit"):
        reader.read([Turn("user", f"Is {mark} a mark?", (png(50, 70),))])


def test_the_model_hears_at_most_what_its_extractor_takes(tmp_path):
    folder = make_sighted_checkpoint(tmp_path / "hearing", "qwen3_omni_moe")
    reader = Reader(Checkpoint.open(folder))

    assert reader.count(Turn("user", "", (), (wav(tmp_path / "a.wav", noise(29)),))) > 29 * 12
    with pytest.raises(KnownError, match="at most 30 seconds at once"):
        reader.read([Turn("user", "", (), (wav(tmp_path / "b.wav", noise(31)),))])
    with pytest.raises(KnownError, match="9 sounds are too many"):
        reader.read([Turn("user", "", (), (tmp_path / "a.wav",) * 9)])


def test_pictures_that_are_too_large_together_are_refused_before_all_are_decoded(reader, monkeypatch):
    opened = []

    def opening(source):
        opened.append(source)
        return open_picture(source)

    monkeypatch.setattr(reader_module, "open_picture", opening)
    monkeypatch.setattr(reader_module, "MOST_TOGETHER", 3_000)
    small, large = png(30, 30, seed=1), png(60, 60, seed=2)
    monkeypatch.setattr(reader, "kind", replace(reader.kind, most_pixels=lambda _: 10_000))

    assert reader.read([Turn("user", "", (small, small))]).count(Sense.SIGHT)
    opened.clear()
    with pytest.raises(KnownError, match="too large together"):
        reader.read([Turn("user", "", (large, small, small))])
    assert opened == [large]


def test_what_the_model_shrinks_counts_as_it_takes_it(reader):
    """The tiny models' processors shrink to a few thousand pixels; those that always shrink have one number."""
    most = reader.kind.most_pixels(reader._opened_processor().image_processor)
    size = max(part.values.size for _, part in reader.read([Turn("user", "", (png(400, 300),))]).parts.values())

    assert size <= 3 * 2 * 1.2 * most  # colours, frames of a film, rounding to whole patches
