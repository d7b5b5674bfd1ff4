"""The table of kinds and the table that is read without MLX name the same models."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import mlx.core as mx
from mlx import nn

from engine.lab.sighted_families import DENSE, SIGHTED
from engine.models.supported import is_supported, mlx_lm_builds
from engine.vision.families import FAMILIES, REFUSED, WORDS_BY_MLX_VLM
from engine.vision.kinds import KINDS
from engine.vision.kinds.kind import Part
from engine.vision.kinds.llama4 import LLAMA4
from engine.vision.kinds.qwen import QWEN3_OMNI


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


def test_patches_cut_by_shape_are_those_that_mlx_vlm_picks():
    vision = import_module("mlx_vlm.models.llama4.vision")
    embedding = vision.Llama4UnfoldConvolution(SimpleNamespace(patch_size=4, num_channels=3, hidden_size=8))
    tiles = mx.random.normal((2, 3, 12, 12), key=mx.random.key(0))
    picked = embedding.unfold(tiles)

    LLAMA4.mend(SimpleNamespace(vision_model=SimpleNamespace(patch_embedding=embedding)))

    assert mx.array_equal(embedding.unfold(tiles), picked)
    assert type(embedding).unfold is not vision.Llama4UnfoldConvolution.unfold


def test_a_long_sound_passes_the_convolutions_in_parts():
    """Five times as long takes its rows more, not five times the convolutions."""
    short, long = heard_by_omni(8), heard_by_omni(40)

    assert long < 1.5 * short


def heard_by_omni(seconds):
    """Bytes at the peak of what hears, beside its weights."""
    config = import_module("mlx_vlm.models.qwen3_omni_moe.config")
    audio = import_module("mlx_vlm.models.qwen3_omni_moe.audio")
    tower = audio.AudioModel(config.AudioConfig(**_HEARS))
    thinker = SimpleNamespace(audio_tower=tower, language_model=SimpleNamespace(model=nn.Module()))
    QWEN3_OMNI.mend(SimpleNamespace(disable_talker=lambda: None, thinker=thinker))
    sound = mx.random.normal((32, 100 * seconds), key=mx.random.key(0))
    mx.eval(tower.parameters(), sound)
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()
    mx.eval(tower(sound, feature_lens=mx.array([100 * seconds])))
    return mx.get_peak_memory() - before


_HEARS = {
    "d_model": 32,
    "encoder_layers": 1,
    "num_hidden_layers": 1,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "num_mel_bins": 32,
    "output_dim": 32,
    "downsample_hidden_size": 48,
    "n_window": 50,
    "n_window_infer": 800,
    "max_source_positions": 1500,
}
