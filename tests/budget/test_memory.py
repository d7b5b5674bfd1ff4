"""The terms of the promise that are estimates, and what this process really holds."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mlx_lm.models.cache import make_prompt_cache

from engine.budget import footprint as footprint_module
from engine.budget.activations import FIXED, LEAST_PIECE, MOST_PIECE, activations, per_token, piece_size
from engine.budget.footprint import available, footprint, room, total
from engine.checkpoint.folder import Checkpoint
from engine.lab.tiny import make_checkpoint
from tests import reference

_SIZE = 200_000_000

_values = st.one_of(
    st.none(), st.integers(-3, 200_000), st.lists(st.integers(-3, 9000), max_size=3), st.text(max_size=3), st.floats()
)
_KEYS = (
    "hidden_size",
    "num_experts_per_tok",
    "top_k_experts",
    "moe_intermediate_size",
    "intermediate_size",
    "num_attention_heads",
    "head_dim",
    "vocab_size",
)
_configs = st.dictionaries(st.sampled_from(_KEYS), _values)


def test_footprint_sees_an_array_come_and_go():
    before = footprint()
    array = np.ones(_SIZE, np.uint8)
    held = footprint()
    del array
    assert held - before == pytest.approx(_SIZE, rel=0.05)
    assert footprint() - before < _SIZE / 10


def test_footprint_sees_what_mlx_holds():
    mx.clear_cache()
    before = footprint()
    array = mx.ones(_SIZE, mx.uint8)
    mx.eval(array)
    assert footprint() - before == pytest.approx(_SIZE, rel=0.05)


def test_the_page_cache_is_not_ours(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(_SIZE // 4))
    before = footprint()
    mapped = np.memmap(path, np.uint8, "r")
    assert int(mapped.sum()) == 0
    assert footprint() - before < _SIZE / 20


def test_what_is_available_lies_within_the_machine():
    assert 0 < available() <= total()
    assert 0 <= room() <= total() + footprint()


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [("max", "5", 100), ("60", "20", 40), ("60", "90", 0), ("400", "5", 100)],
)
def test_a_limit_of_the_control_group_counts(tmp_path, monkeypatch, limit, used, expected):
    class Memory:
        available = 100

    def place(name):
        return tmp_path / str(name).rsplit("/", 1)[-1]

    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text(used + "\n")
    monkeypatch.setattr(footprint_module, "Path", place)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory)
    assert available() == expected


@given(_configs, st.integers(1, 10**6), st.integers(0, 10**11))
@settings(max_examples=200, deadline=None)
def test_a_piece_stays_within_its_room_whatever_the_config_says(config, tokens, given_room):
    piece = piece_size(config, tokens, given_room)
    assert LEAST_PIECE <= piece <= MOST_PIECE
    assert piece <= max(tokens, LEAST_PIECE)
    if piece > LEAST_PIECE:
        assert FIXED + piece * per_token(config, tokens) <= given_room


@given(_configs, st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 10**6))
@settings(max_examples=200, deadline=None)
def test_larger_pieces_and_longer_contexts_take_more(config, one, other, context):
    small, large = sorted((one, other))
    assert FIXED < activations(config, small, context) <= activations(config, large, context)
    assert activations(config, small, small) <= activations(config, small, large)


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "deepseek_v2", "deepseek_v3", "qwen3_next", "gemma4"])
def test_a_piece_takes_no_more_than_was_promised(tmp_path, family):
    """Without the fixed part: on a model this small it would hide everything."""
    tokens = 2048
    folder = make_checkpoint(tmp_path / family, family)
    model = reference.load(folder)
    caches = make_prompt_cache(model)
    mx.clear_cache()
    before = mx.get_active_memory()
    mx.reset_peak_memory()

    mx.eval(model(mx.zeros((1, tokens), mx.int32), cache=caches)[:, -1])

    config = Checkpoint.open(folder).text_config
    caches_hold = sum(c.nbytes for c in caches)
    assert mx.get_peak_memory() - before <= activations(config, tokens, tokens) - FIXED + caches_hold
