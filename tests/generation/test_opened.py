"""Opening a model: what cannot run here is refused with a sentence before anything is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from engine.errors import KnownError
from engine.generation.opened import open_model
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from tests.running import opened

on_cpu = pytest.mark.skipif(mx.metal.is_available(), reason="a GPU runs these")


@on_cpu
@pytest.mark.parametrize(
    "how",
    [{"dtype": "bfloat16"}, {"quantization": QUANTIZATIONS["nvfp4"] | {"global_scale": True}}],
)
def test_experts_that_need_a_gpu_are_refused_without_one(how: dict[str, Any], tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "m", "qwen3_moe", **how)
    with pytest.raises(KnownError, match="GPU only"):
        opened(path)


def test_a_refusal_of_the_dense_weights_comes_before_they_are_read(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "m", "qwen3_moe")

    def refuse(dense: int) -> None:
        raise KnownError(f"{dense} bytes are too many.", "Choose a smaller model.")

    held = mx.get_active_memory()
    with pytest.raises(KnownError, match="too many"):
        open_model(path, lambda _done, _of: None, refuse)
    assert mx.get_active_memory() <= held


@pytest.mark.parametrize("change", [{"model_type": "no_such_model"}, {"num_attention_heads": 7}, {"hidden_size": 96}])
def test_a_model_that_mlx_lm_cannot_build_is_a_sentence(change: dict[str, Any], tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "m", "qwen3_moe")
    config = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(KnownError):
        opened(path)
