"""The tiny checkpoints: stock mlx-lm must open them, run them, and find them lively."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx.utils import tree_flatten
from mlx_lm.utils import load_tokenizer

from engine.lab.families import EXPERTS, FAMILIES, UNSTACKED
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from tests.reference import PROMPT, greedy, greedy_with_wanted, load

STACKED = sorted(set(FAMILIES) - UNSTACKED)
FEW_EXPERTS = 8  # the families with the fewest
TOKENS = 40


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder per family, made once."""
    root = tmp_path_factory.mktemp("tiny")

    def folder(family: str) -> Path:
        path = root / family
        return path if (path / "config.json").exists() else make_checkpoint(path, family)

    return folder


@pytest.fixture(scope="session")
def answered(tiny: Callable[[str], Path]) -> Callable[[str], Any]:
    """What mlx-lm makes of a family, tokens and the routers' choices; asked once."""
    return cache(lambda family: greedy_with_wanted(tiny(family), PROMPT, TOKENS))


def header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        entries: dict[str, Any] = json.loads(file.read(size))
    entries.pop("__metadata__", None)
    return entries


@pytest.mark.parametrize("family", FAMILIES)
def test_loading_changes_no_tensor(family: str, tiny: Callable[[str], Path]) -> None:
    saved: Any = mx.load(str(tiny(family) / "model.safetensors"))
    loaded = dict(tree_flatten(load(tiny(family)).parameters()))
    assert saved.keys() == loaded.keys()
    assert all(mx.array_equal(saved[name], loaded[name]) for name in saved)


@pytest.mark.parametrize("family", STACKED)
def test_experts_are_stacked(family: str, tiny: Callable[[str], Path]) -> None:
    stacked = [
        name
        for name, entry in header(tiny(family) / "model.safetensors").items()
        if len(entry["shape"]) == 3
        and entry["shape"][0] in (FEW_EXPERTS, EXPERTS)
        and name.endswith(("gate_proj.weight", "fc1.weight"))
    ]
    assert len(stacked) >= 2


@pytest.mark.parametrize("family", STACKED)
def test_tokens_want_different_experts(family: str, answered: Callable[[str], Any]) -> None:
    _, layers = answered(family)
    assert len(layers) >= 2
    for calls in layers:
        decoded = [tuple(sorted(ids.ravel())) for ids in calls[1:]]
        assert len(set(np.concatenate(calls).ravel())) >= FEW_EXPERTS - 1
        assert len(set(decoded)) >= 6


@pytest.mark.parametrize("family", FAMILIES)
def test_mlx_lm_opens_it_and_answers_with_more_than_one_token(family: str, answered: Callable[[str], Any]) -> None:
    tokens, _ = answered(family)
    assert len(tokens) == TOKENS
    assert len(set(tokens)) >= 8


@pytest.mark.parametrize("name", QUANTIZATIONS)
@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss"])
def test_quantised_experts_run_on_the_cpu(family: str, name: str, tmp_path: Path) -> None:
    make_checkpoint(tmp_path, family, quantization=QUANTIZATIONS[name])
    experts = "mlp.switch_mlp" if family == "qwen3_moe" else "mlp.experts"
    entries = header(tmp_path / "model.safetensors")
    assert entries[f"model.layers.1.{experts}.gate_proj.weight"]["dtype"] == "U32"
    assert (f"model.layers.1.{experts}.gate_proj.biases" in entries) == name.startswith("affine")
    assert len(greedy(tmp_path, PROMPT, 8)) == 8


def test_a_global_scale_per_expert_can_be_written(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, "qwen3_moe", quantization=QUANTIZATIONS["nvfp4"] | {"global_scale": True})
    entry = header(tmp_path / "model.safetensors")["model.layers.0.mlp.switch_mlp.up_proj.global_scale"]
    assert (entry["dtype"], entry["shape"]) == ("F32", [EXPERTS])


def test_routers_are_quantised_as_a_conversion_does(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, "qwen3_moe", quantization=QUANTIZATIONS["affine4"])
    quantization = json.loads((tmp_path / "config.json").read_text())["quantization"]
    assert quantization["bits"] == 4
    assert quantization["model.layers.0.mlp.gate"]["bits"] == 8


def test_quantised_experts_run_in_bfloat16(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, "qwen3_moe", quantization=QUANTIZATIONS["affine4"], dtype="bfloat16")
    entries = header(tmp_path / "model.safetensors")
    assert entries["model.layers.0.mlp.switch_mlp.up_proj.scales"]["dtype"] == "BF16"
    assert len(greedy(tmp_path, PROMPT, 8)) == 8


@pytest.mark.parametrize("family", ["qwen3_moe", "qwen3_next", "jamba"])
def test_the_same_seed_gives_the_same_bytes(family: str, tmp_path: Path) -> None:
    first, second = (make_checkpoint(tmp_path / str(i), family, seed=7) for i in range(2))
    assert {p.name for p in first.iterdir()} == {p.name for p in second.iterdir()}
    assert all(path.read_bytes() == (second / path.name).read_bytes() for path in first.iterdir())


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    first, second = (make_checkpoint(tmp_path / str(seed), "qwen3_moe", seed=seed) for seed in range(2))
    assert (first / "model.safetensors").read_bytes() != (second / "model.safetensors").read_bytes()


def test_shards_hold_the_same_model(tmp_path: Path, tiny: Callable[[str], Path]) -> None:
    make_checkpoint(tmp_path, "qwen3_moe", shards=3)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())
    assert len(set(index["weight_map"].values())) == len(list(tmp_path.glob("*.safetensors"))) == 3
    assert greedy(tmp_path, PROMPT, 8) == greedy(tiny("qwen3_moe"), PROMPT, 8)


def test_overrides_reach_the_text_config(tmp_path: Path) -> None:
    make_checkpoint(tmp_path, "qwen3_vl_moe", overrides={"num_hidden_layers": 2})
    assert json.loads((tmp_path / "config.json").read_text())["text_config"]["num_hidden_layers"] == 2
    assert len(greedy(tmp_path, PROMPT, 2)) == 2


@pytest.mark.parametrize("family", FAMILIES)
def test_the_tokenizer_opens_beside_every_config(family: str, tiny: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(tiny(family))
    text = "Größe, 大きさ, the experts \n"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_chat_template_is_chatml(tiny: Callable[[str], Path]) -> None:
    tokenizer = load_tokenizer(tiny("qwen3_moe"))
    ids = tokenizer.apply_chat_template([{"role": "user", "content": "Hi"}], add_generation_prompt=True)
    assert tokenizer.decode(ids) == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer.eos_token == "<|im_end|>"
    config = json.loads((tiny("qwen3_moe") / "config.json").read_text())
    assert config["eos_token_id"] in tokenizer.eos_token_ids
