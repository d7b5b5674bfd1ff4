"""Where the experts lie, compared with what mlx-lm itself finds and reads."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.switch_layers import SwitchGLU, SwitchMLP

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout, layout
from engine.checkpoint.quantization import Packing
from engine.errors import KnownError
from engine.lab.families import FAMILIES, UNSTACKED
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from tests.checkpoint.writing import experts, model, quantized_experts
from tests.reference import load

STACKED = sorted(set(FAMILIES) - UNSTACKED)


def laid_out(folder: Path) -> Layout:
    return layout(Checkpoint.open(folder))


def refusal(folder: Path) -> str:
    with pytest.raises(KnownError) as caught:
        laid_out(folder)
    return caught.value.sentence


def switches(folder: Path) -> set[str]:
    return {path for path, module in load(folder).named_modules() if isinstance(module, SwitchGLU | SwitchMLP)}


def bits_of(array: mx.array) -> bytes:
    """The bytes of an array as they lie in the file; NumPy has no bfloat16."""
    return np.array(array.view(mx.uint8)).tobytes()


def assert_rows_are_what_mlx_reads(folder: Path, found: Layout) -> None:
    saved: dict[str, mx.array] = {}
    for shard in Checkpoint.open(folder).files:
        saved.update(cast("dict[str, mx.array]", mx.load(str(shard.path))))
    for layer in found.layers:
        for stacked in layer.tensors:
            for expert in range(layer.experts):
                file, offset, length = stacked.row(expert)
                with file.open("rb") as opened:
                    opened.seek(offset)
                    assert opened.read(length) == bits_of(saved[stacked.tensor.name][expert][None])


def assert_nothing_is_counted_twice(folder: Path, found: Layout) -> None:
    data = sum(file.stat().st_size - 8 - header_length(file) for file in folder.glob("*.safetensors"))
    assert found.dense_bytes + found.routed_bytes == data


def header_length(file: Path) -> int:
    with file.open("rb") as opened:
        return int.from_bytes(opened.read(8), "little")


@pytest.mark.parametrize("family", STACKED)
def test_every_family(tmp_path, family):
    folder = make_checkpoint(tmp_path, family)

    found = laid_out(folder)

    assert {layer.path for layer in found.layers} == switches(folder)
    assert [layer.index for layer in found.layers] == list(range(len(found.layers)))
    assert_rows_are_what_mlx_reads(folder, found)
    assert_nothing_is_counted_twice(folder, found)


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "nemotron_h", "gemma4"])
@pytest.mark.parametrize("name", QUANTIZATIONS)
def test_every_quantization(tmp_path, family, name):
    packed = QUANTIZATIONS[name]
    folder = make_checkpoint(tmp_path, family, quantization=packed, shards=2, dtype="bfloat16")

    found = laid_out(folder)

    expected = Packing(packed["mode"], packed["bits"], packed["group_size"])
    assert {packing for layer in found.layers for packing in layer.packings} == {expected}
    assert found.routed_parameters == laid_out(make_checkpoint(tmp_path / "plain", family)).routed_parameters
    assert found.dense_parameters == laid_out(tmp_path / "plain").dense_parameters
    assert_rows_are_what_mlx_reads(folder, found)
    assert_nothing_is_counted_twice(folder, found)


def test_unquantised_bfloat16(tmp_path):
    folder = make_checkpoint(tmp_path, "olmoe", dtype="bfloat16")
    found = laid_out(folder)
    assert found.layers[0].packings == (None,)
    assert found.routed_bytes == 2 * found.routed_parameters
    assert_rows_are_what_mlx_reads(folder, found)


def test_global_scales_of_nvfp4(tmp_path):
    packed = {**QUANTIZATIONS["nvfp4"], "global_scale": True}
    folder = make_checkpoint(tmp_path, "qwen3_moe", quantization=packed)

    found = laid_out(folder)

    assert {t.kind: t.row_bytes for t in found.layers[0].tensors}["global_scale"] == 4
    assert_rows_are_what_mlx_reads(folder, found)


@pytest.mark.parametrize("bits", [4, 6])
def test_projections_packed_differently(tmp_path, bits):
    """mlx-lm's mixed recipes give some layers' down_proj more bits; the config names such paths or does not."""
    tensors = quantized_experts("mlp")
    tensors |= {n: t for n, t in quantized_experts("mlp", bits=bits).items() if "down_proj" in n}
    found = laid_out(model(tmp_path, tensors, quantization={"bits": 4, "group_size": 32}))
    assert set(found.layers[0].packings) == {Packing("affine", 4, 32), Packing("affine", bits, 32)}


def test_eight_bits_in_groups_of_32_are_not_taken_for_four_in_64(tmp_path):
    folder = model(
        tmp_path, quantized_experts("mlp", bits=8, group_size=32), quantization={"bits": 4, "group_size": 64}
    )
    assert laid_out(folder).layers[0].packings == (Packing("affine", 8, 32),)


def test_rows_may_begin_at_any_byte(tmp_path):
    folder = model(tmp_path, {"odd": ("U8", (3,)), **experts("mlp")})
    rows = [t.row(1) for t in laid_out(folder).layers[0].tensors]
    assert any(offset % 4 for _, offset, _ in rows)


def test_layers_come_in_their_order(tmp_path):
    folder = model(tmp_path, {**experts("layers.10.mlp"), **experts("layers.9.mlp"), **experts("layers.x.mlp")})
    assert [layer.path for layer in laid_out(folder).layers] == ["layers.x.mlp", "layers.9.mlp", "layers.10.mlp"]


def test_a_dense_model_has_no_layers(tmp_path):
    folder = model(tmp_path, {"mlp.gate_proj.weight": ("F32", (8, 4))}, num_experts=0, num_local_experts=None)
    found = laid_out(folder)
    assert (found.layers, found.experts, found.slot_bytes, found.dense_parameters) == ((), 0, 0, 32)


def test_encoders_are_dense(tmp_path):
    folder = model(tmp_path, {"vision_tower.patch.weight": ("F32", (4, 4)), **experts("language_model.mlp")})
    found = laid_out(folder)
    assert found.encoder_bytes == found.dense_bytes == 64


def test_a_family_whose_experts_are_separate_is_refused(tmp_path):
    assert "not stacked" in refusal(make_checkpoint(tmp_path, "dbrx"))


def test_an_unconverted_checkpoint_is_refused(tmp_path):
    folder = model(tmp_path, {"layers.0.mlp.experts.0.gate_proj.weight": ("F32", (4, 4))})
    assert "not stacked" in refusal(folder)


def test_experts_that_only_the_config_knows_are_refused(tmp_path):
    assert "not stacked" in refusal(model(tmp_path, {"fused.weight": ("F32", (4, 4, 4))}, num_experts=4))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"mlp.gate_proj.weight": ("F32", (3, 32, 64))}, "should hold"),
        ({"mlp.gate_proj.weight": ("F32", (4, 31, 64))}, "as many outputs"),
        ({"mlp.gate_proj.weight": ("F32", (4, 32, 60))}, "takes 60 numbers"),
        ({"mlp.gate_proj.weight": ("U8", (4, 32, 64))}, "has no scales"),
        ({"mlp.gate_proj.weight": ("F32", (32, 64))}, "not whole"),
        ({"mlp.gate_proj.weight": ("F32", (0, 32, 64))}, "experts"),
        ({"mlp.gate_proj.bias": ("F32", (4, 31))}, "shape does not fit"),
        ({"mlp.gate_proj.bias": ("U32", (4, 32))}, "type is U32"),
        ({"mlp.gate_proj.biases": ("F32", (4, 32, 2))}, "biases"),
        ({"mlp.gate_proj.global_scale": ("F32", (4,))}, "only nvfp4"),
        ({"mlp.gate_proj.scales": ("F32", (4, 32, 2))}, "does not fit its scales"),
        ({"mlp.fc1.weight": ("F32", (4, 32, 64))}, "not whole"),
    ],
)
def test_experts_that_do_not_agree(tmp_path, change, why):
    assert why in refusal(model(tmp_path, {**experts("mlp"), **change}))


@pytest.mark.parametrize(
    "change",
    [
        {"mlp.gate_proj.weight": ("F32", (4, 64, 8))},
        {"mlp.gate_proj.weight": ("U32", (4, 64, 7))},
        {"mlp.gate_proj.scales": ("U8", (4, 64, 2))},
        {"mlp.gate_proj.scales": ("BF16", (4, 64, 3))},
        {"mlp.gate_proj.scales": ("BF16", (4, 63, 2))},
        {"mlp.gate_proj.biases": ("BF16", (4, 64, 1))},
        {"mlp.gate_proj.biases": ("F32", (4, 64, 2))},
    ],
)
def test_packed_experts_that_do_not_agree(tmp_path, change):
    assert "mlp.gate_proj" in refusal(model(tmp_path, {**quantized_experts("mlp"), **change}))


@pytest.mark.parametrize(
    "packed",
    [
        {"bits": 8, "group_size": 32},
        {"bits": 4, "group_size": 64},
        {"bits": 4, "group_size": 32, "mode": "mxfp4"},
        {"bits": 4, "group_size": 32, "mode": "of another kind"},
    ],
)
def test_a_config_that_says_another_packing(tmp_path, packed):
    folder = model(tmp_path, quantized_experts("mlp"), quantization={"mlp.gate_proj": packed})
    assert "does not fit its scales or the config" in refusal(folder)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"num_experts": 5}, "holds 4 experts but config.json says 5"),
        ({"text_config": {"num_experts": 5}}, "says 5"),
        ({"num_experts": [5, 6]}, "says 5 or 6"),
        ({"num_experts": "4"}, "impossible number"),
        ({"num_experts": True}, "impossible number"),
        ({"num_experts": -4}, "impossible number"),
        ({"num_experts": [[4]]}, "impossible number"),
        ({"num_experts": 1e300}, "impossible number"),
        ({"hidden_size": 128}, "64 wide but config.json says 128"),
    ],
)
def test_a_config_that_says_otherwise(tmp_path, config, why):
    assert why in refusal(model(tmp_path, experts("mlp"), **config))


def test_a_number_per_layer(tmp_path):
    assert laid_out(model(tmp_path, experts("mlp"), num_experts=[2, 4])).experts == 4
