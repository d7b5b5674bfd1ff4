"""The synthetic checkpoints: mlx-lm opens them, they route, and exact mode answers as mlx-lm does."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.generation.decode import Cursor, ExactDecoder
from engine.generation.opened import open_model
from engine.generation.prefill import prefill
from engine.generation.sampling import Sampler
from engine.lab.synthetic import shape_of, synthetic_checkpoint, total_bytes
from engine.messages import Sampling
from engine.routing.exact import Exact
from tests.reference import PROMPT, greedy, wanted

SIZE = 30_000_000
TOKENS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic_checkpoint(SIZE, root=tmp_path_factory.mktemp("synthetic"))


def test_it_has_the_size_asked_for(folder: Path) -> None:
    plan = layout(Checkpoint.open(folder))
    assert plan.dense_bytes + plan.routed_bytes == total_bytes(shape_of(SIZE))
    assert abs(total_bytes(shape_of(SIZE)) - SIZE) < 0.2 * SIZE


def test_exact_mode_answers_as_mlx_lm(folder: Path) -> None:
    opened = open_model(folder, lambda _done, _of: None)
    opened.resize(16)
    exact = Exact(opened.residency, 16, lambda: None, lambda batch: batch.wait())
    caches = make_prompt_cache(opened.model)
    prefill(opened, caches, PROMPT[:-1], exact, 512, lambda _done: None)
    cursor = Cursor(caches, mx.array([PROMPT[-1]]), len(PROMPT), Sampler(Sampling()))
    decoder = ExactDecoder(opened, cursor, exact)
    tokens = [decoder.step().token for _ in range(TOKENS)]
    opened.close()
    assert tokens == greedy(folder, PROMPT, TOKENS)


def test_its_tokens_want_different_experts(folder: Path) -> None:
    for layer in wanted(folder, PROMPT, 2):
        assert len(np.unique(layer[0])) > 32


def test_one_layers_experts_differ_from_anothers(folder: Path) -> None:
    weights = mx.load(str(folder / "model.safetensors"))
    assert isinstance(weights, dict)
    first, second = (weights[f"model.layers.{i}.mlp.switch_mlp.up_proj.weight"] for i in (0, 1))
    assert not mx.array_equal(first, second)
    assert not mx.array_equal(first[0], first[1])


def test_it_is_written_once(folder: Path) -> None:
    def no_progress(_done: int, _of: int) -> None:
        raise AssertionError("it was written again")

    assert synthetic_checkpoint(SIZE, no_progress, folder.parent) == folder


def test_what_was_cut_off_is_no_checkpoint(tmp_path: Path) -> None:
    def stop(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthetic_checkpoint(SIZE, stop, tmp_path)
    assert not list(tmp_path.iterdir())


def test_large_ones_are_as_wide_as_the_original_and_small_ones_narrower() -> None:
    assert shape_of(20_000_000_000).hidden == shape_of(2_000_000_000).hidden == 2048
    assert shape_of(20_000_000_000).layers > shape_of(2_000_000_000).layers >= 4
    assert shape_of(SIZE).hidden < 2048
    assert shape_of(SIZE, layers=16).layers == 16


def test_a_full_disk_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 -- as shutil's
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1 << 40, 1 << 40, 1 << 20))
    assert shutil.disk_usage(tmp_path).free == 1 << 20
    with pytest.raises(KnownError, match="free"):
        synthetic_checkpoint(SIZE, root=tmp_path / "full")
    assert not (tmp_path / "full").exists()


def test_a_size_that_is_too_small_is_refused() -> None:
    with pytest.raises(KnownError):
        shape_of(1000)
