"""Attention some patches at a time: the same rows as all at once, and only while an encoder works."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from engine import messages as m
from engine.generation.opened import open_model
from engine.lab.sighted_families import DENSE, SIGHTED
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.vision import attention
from tests.vision.pictures import png

T, HEADS, WIDTH = 37, 3, 16


def drawn(*shape, seed):
    return mx.random.normal(shape, key=mx.random.key(seed))


@pytest.fixture
def few_at_once(monkeypatch):
    """Five rows of the attention above, and fewer of an encoder's."""
    monkeypatch.setattr(attention, "MOST_SCORES", 4 * HEADS * T * 5)


MASKS = {
    "none": None,
    "added to each row": mx.where(drawn(1, 1, T, T, seed=4) > 0, 0.0, -1e4),
    "of keys": (mx.arange(T) < 30)[None, None, None, :],
    "rows without heads": mx.where(drawn(1, T, T, seed=5) > 0, 0.0, -1e4),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS.keys())
def test_a_few_rows_at_a_time_are_what_all_at_once_are(few_at_once, mask):
    q, k, v = (drawn(1, HEADS, T, WIDTH, seed=seed) for seed in (1, 2, 3))

    whole = mx.fast.scaled_dot_product_attention(q, k, v, scale=0.3, mask=mask)
    parted = attention.attend(q, k, v, scale=0.3, mask=mask)

    assert attention.rows_at_once(HEADS, T) == 5
    np.testing.assert_allclose(np.array(parted), np.array(whole), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", sorted({**SIGHTED, **DENSE}))
def test_every_encoder_sees_the_same_in_parts(few_at_once, family, tmp_path, monkeypatch):
    opened = open_model(make_sighted_checkpoint(tmp_path / family, family), lambda _done, _of: None)
    senses = opened.senses
    assert senses
    look = senses.read([m.Turn("user", "What is this?", (png(90, 70, seed=3),))])
    rows = []

    def five(heads, keys):
        rows.append(keys)
        return 5

    monkeypatch.setattr(attention, "rows_at_once", five)

    parted = [part for _, part in senses.encode(look, look.tokens, lambda: None).encoded.values()]
    seen = len(rows)
    monkeypatch.setattr(attention, "rows_at_once", lambda heads, keys: keys)
    senses._kept.clear()  # else it would not be encoded again
    whole = [part for _, part in senses.encode(look, look.tokens, lambda: None).encoded.values()]
    opened.close()

    assert seen > 0  # else this family's attention was not reached at all
    for few, all_at_once in zip(parted, whole, strict=True):
        for one, other in zip(few, all_at_once, strict=True):
            np.testing.assert_allclose(np.array(one), np.array(other), rtol=1e-3, atol=1e-4)


def test_who_attends_elsewhere_has_the_stock_one_again():
    from mlx_vlm.models import base

    before = mx.fast.scaled_dot_product_attention, base.ensure_fused_sdpa
    with attention.in_parts():
        within = mx.fast.scaled_dot_product_attention, base.ensure_fused_sdpa
    assert within == (attention.attend, attention.attend)
    assert (mx.fast.scaled_dot_product_attention, base.ensure_fused_sdpa) == before


def test_what_is_held_does_not_grow_with_the_square():
    small, large = attention.scores_bytes(16, 4_000), attention.scores_bytes(16, 64_000)

    assert large <= 2 * attention.MOST_SCORES
    assert small <= 2 * attention.MOST_SCORES
    assert attention.scores_bytes(16, 100) == 2 * 4 * 16 * 100 * 100
