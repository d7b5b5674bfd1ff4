"""The table of kinds and the table that is read without MLX name the same models."""

from __future__ import annotations

import mlx.core as mx

from engine.lab.sighted_families import DENSE, SIGHTED
from engine.models.supported import is_supported, mlx_lm_builds
from engine.vision.families import FAMILIES, REFUSED, WORDS_BY_MLX_VLM
from engine.vision.kinds import KINDS
from engine.vision.kinds.kind import Part


def test_both_tables_name_the_same_models():
    assert set(KINDS) == set(FAMILIES)
    assert {family.config["model_type"] for family in [*SIGHTED.values(), *DENSE.values()]} == set(KINDS)
    assert set(KINDS) >= WORDS_BY_MLX_VLM
    assert not set(KINDS) & set(REFUSED)


def test_models_that_mlx_lm_has_no_classes_for_are_supported_all_the_same():
    assert is_supported("qwen3_omni_moe")
    assert not mlx_lm_builds("qwen3_omni_moe")


def test_a_part_is_known_by_what_it_holds_and_by_its_shape():
    values = mx.arange(12, dtype=mx.float32)
    one, same = Part(values.reshape(3, 4), 3), Part(values.reshape(3, 4), 3)

    assert one.fingerprint() == same.fingerprint()
    assert one.fingerprint() != Part(values.reshape(4, 3), 4).fingerprint()
    assert one.fingerprint() != Part(values.reshape(3, 4), 3, mx.array([[1, 1, 3]])).fingerprint()
    assert one.fingerprint() != Part(values.reshape(3, 4) + 1, 3).fingerprint()
