"""The list that comes with Cadre and the choice from it."""

from __future__ import annotations

import pytest

from engine.models.download import names
from engine.models.recommended import fits, recommended, suited

GB = 10**9
OLMOE, GPT_OSS, QWEN = recommended()


def test_the_list():
    for model in recommended():
        assert names.repository(model.repository) == model.repository
        assert model.repository.startswith("mlx-community/")
        assert model.about.endswith(".")
    assert sorted(recommended(), key=lambda model: model.disk_bytes) == list(recommended())


@pytest.mark.parametrize(
    ("model", "parameters", "disk"), [(OLMOE, 6.92e9, 3.89e9), (GPT_OSS, 20.9e9, 12.1e9), (QWEN, 30.5e9, 17.2e9)]
)
def test_computed_sizes_are_the_published_ones(model, parameters, disk):
    assert model.parameters == pytest.approx(parameters, rel=0.01)
    assert model.disk_bytes == pytest.approx(disk, rel=0.01)


def test_memory_grows_with_the_share_and_never_past_all():
    for model in recommended():
        assert model.memory_bytes(0.0) == model.memory_bytes(model.per_token / model.experts)
        assert model.memory_bytes(0.25) < model.memory_bytes(0.5) < model.memory_bytes(1.0)
        assert model.memory_bytes(1.0) == model.disk_bytes + GB


@pytest.mark.parametrize(
    ("memory", "disk", "choice"),
    [(8, 500, OLMOE), (16, 500, QWEN), (24, 500, QWEN), (16, 15, GPT_OSS), (16, 6, OLMOE), (16, 4, None),
     (4, 500, OLMOE), (64, 18, GPT_OSS)],
)  # fmt: skip
def test_the_one_that_suits(memory, disk, choice):
    assert suited(recommended(), memory * GB, disk * GB) == choice


def test_fits():
    assert [fits(model, 8 * GB) for model in recommended()] == [True, False, False]
