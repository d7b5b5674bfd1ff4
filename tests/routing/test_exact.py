"""`exact` is mlx-lm, token for token, at every residency, on every family that can be built here."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.lab.families import FAMILIES, UNSTACKED, UNTESTABLE
from engine.lab.tiny import QUANTIZATIONS, make_checkpoint
from engine.routing.exact import passing_groups
from tests.reference import PROMPT, greedy
from tests.running import exact_way, generate, opened

STACKED = sorted(set(FAMILIES) - set(UNSTACKED) - set(UNTESTABLE))
TOKENS = 32  # windows and chunks of the tiny families are 16: they come round twice after the prompt
SOME = 12


@pytest.mark.parametrize("family", STACKED)
def test_exact_equals_mlx_lm_at_every_residency(family: str, tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / family, family)
    expected = greedy(path, PROMPT, TOKENS)
    model = opened(path)
    E, least = model.layout.experts, model.router_shape.least
    for count in sorted({least, E // 2, E}):
        model.resize(count)
        n = TOKENS if count == least else SOME  # where the most is read and evicted; a full bank looks at nothing
        assert generate(model, exact_way(model, count), PROMPT, n) == expected[:n], f"{count} of {E} experts"
    model.close()


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss"])
def test_exact_equals_mlx_lm_in_every_quantisation(family: str, quantization: str, tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / family, family, quantization=QUANTIZATIONS[quantization])
    expected = greedy(path, PROMPT, SOME)
    model = opened(path)
    least = model.router_shape.least
    model.resize(least)
    assert generate(model, exact_way(model, least), PROMPT, SOME) == expected
    model.close()


def test_exact_prefill_reads_each_expert_at_most_once(tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", "qwen3_moe"))
    model.resize(model.router_shape.least)  # far fewer slots than the prompt wants experts
    way = exact_way(model, model.router_shape.least)

    generate(model, way, PROMPT, 0)

    wanted = sum(int((wishes > 0).sum()) for wishes in way.wishes.values())
    assert wanted > len(model.blocks) * model.blocks[0].bank.slots
    assert model.residency.traffic.read == wanted
    model.close()


def test_an_expert_tensor_is_never_materialised(tmp_path: Path) -> None:
    import mlx.core as mx

    path = make_checkpoint(tmp_path / "m", "qwen3_moe", overrides={"moe_intermediate_size": 512, "num_experts": 32})
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    model = opened(path)
    model.resize(4)
    generate(model, exact_way(model, 4), PROMPT, 4)
    used = mx.get_peak_memory() - before
    assert model.layout.routed_bytes > 4 * (model.layout.dense_bytes + 6 * model.layout.slot_bytes)
    assert used < model.layout.routed_bytes / 2
    model.close()


ids = st.integers(0, 30)


@given(st.sets(ids, min_size=1), st.sets(ids), st.sets(ids), st.integers(2, 12))
def test_groups_pass_every_wanted_expert_once(wanted: set[int], resident: set[int], stay: set[int], spare: int) -> None:
    slots = max(len(resident), len(stay)) + spare
    groups = passing_groups(sorted(wanted), sorted(resident), stay, slots)
    passed = [e for group in groups for e in group]
    assert sorted(passed) == sorted(wanted)
    assert all(groups)
    pinned = len(resident & stay)
    assert all(len(group) <= (slots - pinned) // 2 for group in groups if not set(group) & resident)
