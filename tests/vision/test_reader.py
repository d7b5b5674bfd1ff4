"""Conversations as prompts: whatever a picture's shape, its tokens can be told and are those of the prompt."""

from __future__ import annotations

import pytest

from engine.checkpoint.folder import Checkpoint
from engine.errors import KnownError
from engine.lab.sighted_families import SIGHTED
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.messages import Turn
from engine.vision.families import Sense
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
