"""`exact` with pictures is mlx-vlm, token for token, at every residency, and whatever the pieces are."""

from __future__ import annotations

import gc

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.opened import open_model
from engine.generation.prefill import prefill
from engine.generation.undo import mark
from engine.lab.tiny import QUANTIZATIONS
from engine.lab.tiny_sighted import SIGHTED, make_sighted_checkpoint
from engine.messages import Turn
from tests.running import exact_way, opened
from tests.vision import reference
from tests.vision.pictures import png

TOKENS = 32
TEXT = "Which of the two shows the sea?"
ONE, TWO = (png(50, 70, seed=1),), (png(50, 70, seed=1), png(90, 40, seed=2))


@pytest.fixture(scope="module", params=sorted(SIGHTED))
def folder(request, tmp_path_factory):
    return make_sighted_checkpoint(tmp_path_factory.mktemp("sighted") / request.param, request.param)


@pytest.fixture(scope="module")
def model(folder):
    model = opened(folder)
    yield model
    model.close()


def generate(model, count, pictures, *, piece=10_000, retaken=False):
    """Greedy tokens after a user's message, as `Answer` makes them."""
    assert model.eyes is not None
    model.resize(count)
    look = model.eyes.read([Turn("user", TEXT, pictures)])
    caches = make_prompt_cache(model.model)
    seen = model.eyes.encode(look, look.tokens, lambda: None)
    model.eyes.place(caches, seen, len(look.tokens))
    way = exact_way(model, count)
    prefill(model, caches, look.tokens[:-1], way, piece, lambda _count: None, seen)
    token, tokens = mx.array(look.tokens[-1:]), []
    with model.through(way):
        for _ in range(TOKENS):
            if retaken:
                undo = mark(caches, 1)
                mx.eval(model.model(mx.array([[7]]), cache=caches))
                undo()
            token = mx.argmax(model.model(token[None], cache=caches)[:, -1, :], axis=-1)
            tokens.append(int(np.array(token)[0]))
    return tokens


@pytest.mark.parametrize("pictures", [ONE, TWO, ()], ids=["one", "two", "none"])
def test_exact_equals_mlx_vlm_at_every_residency(folder, model, pictures):
    expected = reference.greedy(folder, TEXT, pictures, TOKENS)
    E = model.layout.experts
    for count in (model.router_shape.least, E // 2, E):
        assert generate(model, count, pictures) == expected, f"{count} of {E} experts"


def test_pictures_change_the_answer(folder):
    assert len({tuple(reference.greedy(folder, TEXT, given, TOKENS)) for given in (ONE, TWO, TWO[::-1], ())}) == 4


def test_the_pieces_do_not_change_the_answer(folder, model):
    expected = reference.greedy(folder, TEXT, TWO, TOKENS)
    for piece in (1, 7, 24):
        assert generate(model, model.layout.experts, TWO, piece=piece) == expected, f"pieces of {piece}"


def test_every_step_can_be_undone(folder, model):
    expected = reference.greedy(folder, TEXT, TWO, TOKENS)
    assert generate(model, model.layout.experts, TWO, retaken=True) == expected


@pytest.mark.parametrize("family", sorted(SIGHTED))
def test_quantised_experts_answer_as_mlx_vlms(family, tmp_path):
    folder = make_sighted_checkpoint(tmp_path / family, family, quantization=QUANTIZATIONS["affine4"])
    expected = reference.greedy(folder, TEXT, TWO, TOKENS)
    model = opened(folder)
    assert generate(model, model.router_shape.least, TWO) == expected
    model.close()


def test_neither_encoder_nor_experts_are_read_before_they_are_needed(tmp_path):
    folder = make_sighted_checkpoint(tmp_path / "m", "gemma4", overrides={"moe_intermediate_size": 2048})
    reference.load.cache_clear()
    gc.collect()
    mx.clear_cache()
    mx.reset_peak_memory()
    before = mx.get_active_memory()
    model = opened(folder)
    held = mx.get_active_memory() - before
    assert held == pytest.approx(model.dense_bytes(looking=False), rel=0.02)
    assert mx.get_peak_memory() - before < held + model.layout.routed_bytes / 4

    assert model.eyes is not None
    look = model.eyes.read([Turn("user", TEXT, ONE)])
    seen = model.eyes.encode(look, look.tokens, lambda: None)
    kept = sum(rows.nbytes for encoded in seen.encoded.values() for rows in encoded)
    pixels = sum(one.values.nbytes for one in look.pixels.values())
    assert mx.get_active_memory() - before == pytest.approx(held + kept + pixels, abs=model.eyes.encoder_bytes / 2)
    model.close()


def test_the_language_part_alone_is_opened_by_mlx_lm(folder):
    model = open_model(folder, lambda _done, _of: None, pictures=False)
    assert model.eyes is None
    assert type(model.model).__mro__[1].__module__.startswith("mlx_lm.")
    model.close()
