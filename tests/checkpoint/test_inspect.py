"""What a report says of a folder, and that scripts can rely on its form."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoint.inspect import Report, inspect
from engine.errors import KnownError
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from tests.checkpoint.arbitrary import folder_reused, json_values
from tests.checkpoint.writing import encoded, entry, experts, model, quantized_experts

ATTENTION = {"model.layers.0.self_attn.q_proj.weight": ("BF16", (64, 64))}


def sparse_model(folder: Path, tensors: dict[str, tuple[str, tuple[int, ...]]], **config: Any) -> Path:
    """A folder whose weights have their true sizes and take no room: the file is a hole."""
    model(folder, {}, **config)
    header, at = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = {"U32": 4, "BF16": 2}[dtype]
        for dimension in shape:
            size *= dimension
        header[name] = entry(dtype, list(shape), at, at + size)
        at += size
    file = folder / "model.safetensors"
    file.write_bytes(encoded(header))
    os.truncate(file, file.stat().st_size + at)
    return folder


def packed(name: str, *shape: int, bits: int = 4, group_size: int = 64) -> dict[str, tuple[str, tuple[int, ...]]]:
    *before, inputs = shape
    scales = ("BF16", (*before, inputs // group_size))
    weight = ("U32", (*before, inputs * bits // 32))
    return {f"{name}.weight": weight, f"{name}.scales": scales, f"{name}.biases": scales}


def qwen3_30b(folder: Path) -> Path:
    """The shapes of a 4-bit Qwen3-30B-A3B."""
    tensors = packed("model.embed_tokens", 151936, 2048) | packed("lm_head", 151936, 2048)
    for number in range(48):
        layer = f"model.layers.{number}"
        for name, outputs, inputs in (("q", 4096, 2048), ("k", 512, 2048), ("v", 512, 2048), ("o", 2048, 4096)):
            tensors |= packed(f"{layer}.self_attn.{name}_proj", outputs, inputs)
        tensors |= packed(f"{layer}.mlp.gate", 128, 2048, bits=8)
        for name, outputs, inputs in (("gate", 768, 2048), ("up", 768, 2048), ("down", 2048, 768)):
            tensors |= packed(f"{layer}.mlp.switch_mlp.{name}_proj", 128, outputs, inputs)
    gates = {f"model.layers.{number}.mlp.gate": {"bits": 8, "group_size": 64} for number in range(48)}
    return sparse_model(
        folder,
        tensors,
        architectures=["Qwen3MoeForCausalLM"],
        num_experts=128,
        num_experts_per_tok=8,
        hidden_size=2048,
        max_position_embeddings=40960,
        quantization={"bits": 4, "group_size": 64, **gates},
    )


def test_a_model_of_the_size_people_use(tmp_path):
    report = inspect(qwen3_30b(tmp_path / "Qwen3-30B-A3B-4bit"), limit=8_000_000_000)

    assert (report.name, report.architecture) == ("Qwen3-30B-A3B-4bit", "Qwen3MoeForCausalLM")
    assert (report.layers, report.experts, report.experts_per_token, report.least) == (48, 128, 8, 8)
    assert report.parameters == pytest.approx(30.5e9, rel=0.01)
    assert report.active_parameters == pytest.approx(3.3e9, rel=0.02)
    assert report.bytes == pytest.approx(17.2e9, rel=0.01)
    assert report.dense_bytes + report.routed_bytes == pytest.approx(report.bytes, rel=0.001)
    assert report.expert_bytes == 3 * (768 * 2048 // 2 + 2 * 2 * 768 * 2048 // 64)
    assert report.slot_bytes == 48 * report.expert_bytes
    assert report.packing["experts"] == "4-bit affine, groups of 64"
    assert report.packing["router"] == "8-bit affine, groups of 64"
    assert report.context == 40960
    assert [(p.experts, p.fits) for p in report.points] == [
        (128, False), (112, False), (96, False), (80, False), (64, False), (48, True), (32, True), (16, True),
        (11, True), (8, True),
    ]  # fmt: skip
    assert [p.tiers for p in report.points[-3:]] == [(), ("4b",), ("1b", "2b", "3b")]
    assert {(p.k, p.active_parameters) for p in report.points} == {(8, report.active_parameters)}


def test_a_points_memory_is_dense_weights_and_slots_with_spares(tmp_path):
    report = inspect(qwen3_30b(tmp_path))
    quarter = next(p for p in report.points if p.experts == 32)
    assert quarter.memory == report.dense_bytes + 34 * report.slot_bytes
    assert report.points[0].memory == report.dense_bytes + report.routed_bytes
    assert quarter.share == 0.25
    assert quarter.fits is None


def test_groups_allow_only_what_is_equal_in_each(tmp_path):
    report = inspect(make_checkpoint(tmp_path, "deepseek_v3"))
    assert report.groups > 1
    assert report.points
    assert all(p.experts % report.groups == 0 for p in report.points)


def test_a_dense_model_has_no_points(tmp_path):
    report = inspect(model(tmp_path, ATTENTION, model_type="llama", num_shared_experts=1))
    assert (report.layers, report.experts, report.experts_per_token, report.points) == (0, 0, 0, ())
    assert report.active_parameters == report.parameters == 64 * 64
    assert report.shared_experts is None
    assert not report.resident_routing


def test_pictures_are_reported_apart_and_text_does_not_pay_for_them(tmp_path):
    tensors = {**ATTENTION, **experts("mlp"), "vision_tower.w.weight": ("F32", (100, 10))}
    report = inspect(model(tmp_path, tensors))
    assert report.encoder_bytes == 4000
    assert report.points[0].memory == report.dense_bytes + report.routed_bytes - 4000
    assert report.packing == {"experts": "float32", "pictures and sound": "float32", "attention": "bfloat16"}


def test_a_part_that_is_mixed_names_all_it_uses(tmp_path):
    tensors = quantized_experts("mlp") | {
        name: t for name, t in quantized_experts("mlp", bits=6).items() if "down_proj" in name
    }
    tensors |= {"model.layers.0.mlp.gate.weight": ("F32", (4, 64)), "model.layers.1.mlp.gate.weight": ("BF16", (4, 64))}
    report = inspect(model(tmp_path, tensors, quantization={"bits": 4, "group_size": 32}))
    assert report.packing["experts"] == "4-bit affine, groups of 32 and 6-bit affine, groups of 32"
    assert report.packing["router"] == "float32 and bfloat16"


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("model.layers.0.mlp.shared_experts.gate_proj", "shared experts"),
        ("model.layers.0.mlp.shared_expert_gate", "shared experts"),
        ("model.layers.0.mlp.share_expert.up_proj", "shared experts"),
        ("model.layers.0.mlp.gate", "router"),
        ("model.layers.0.mlp.gate.gate_proj", "router"),
        ("model.layers.0.router.proj", "router"),
        ("model.layers.0.mlp.gate_proj", "feed-forward"),
        ("model.layers.0.linear_attn.conv1d", "attention"),
        ("model.embed_tokens", "embeddings"),
        ("lm_head", "embeddings"),
        ("audio_tower.layers.0.self_attn.q_proj", "pictures and sound"),
        ("model.layers.0.weights", "other"),
    ],
)
def test_parts_by_name(tmp_path, path, part):
    assert list(inspect(model(tmp_path, {f"{path}.weight": ("F32", (4, 4))})).packing) == [part]


@pytest.mark.parametrize(
    ("config", "shared"),
    [
        ({"n_shared_experts": 2}, 2),
        ({"num_shared_expert": [1, 2]}, 2),
        ({"text_config": {"moe_num_shared_experts": 0}}, 0),
        ({"shared_expert_intermediate_size": 512}, 1),
        ({"shared_expert_intermediate_size": 0}, 0),
        ({"n_shared_experts": "many"}, None),
        ({}, None),
    ],
)
def test_shared_experts(tmp_path, config, shared):
    assert inspect(model(tmp_path, experts("mlp"), **config)).shared_experts == shared


def test_a_chat_template_may_lie_in_three_places(tmp_path):
    assert not inspect(model(tmp_path, ATTENTION)).chat_template
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert not inspect(tmp_path).chat_template
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    assert inspect(tmp_path).chat_template
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "chat_template.jinja").touch()
    assert inspect(tmp_path).chat_template


@pytest.mark.parametrize(("family", "resident"), [("qwen3_moe", True), ("phimoe", False)])
def test_families_whose_router_is_known_run_in_every_mode(tmp_path, family, resident):
    report = inspect(make_checkpoint(tmp_path, family, quantization=QUANTIZATIONS["affine4"]))
    assert (report.supported, report.resident_routing) == (True, resident)


def test_a_report_is_plain_json(tmp_path):
    report = inspect(model(tmp_path, experts("mlp")), limit=10)
    content = json.loads(json.dumps(report.to_json()))
    assert content["path"] == str(tmp_path)
    assert content["points"][0]["fits"] is False
    assert set(content) == set(Report.__dataclass_fields__)


config_keys = st.sampled_from(
    ["architectures", "max_position_embeddings", "n_shared_experts", "shared_intermediate_size", "text_config"]
)


@folder_reused
@given(config=st.dictionaries(config_keys, json_values, max_size=4))
def test_only_known_errors_escape_from_any_config(tmp_path, config):
    with contextlib.suppress(KnownError):
        json.dumps(inspect(model(tmp_path, experts("mlp"), **config)).to_json())
