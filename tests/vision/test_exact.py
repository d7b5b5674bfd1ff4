"""`exact` with pictures and sounds is mlx-vlm, token for token, at every residency, and whatever the pieces are."""

from __future__ import annotations

import gc

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.opened import open_model
from engine.generation.prefill import prefill
from engine.generation.undo import mark
from engine.lab.sighted_families import SIGHTED
from engine.lab.tiny import QUANTIZATIONS
from engine.lab.tiny_sighted import make_sighted_checkpoint
from engine.messages import Turn
from engine.vision.families import WORDS_BY_MLX_VLM
from tests.running import exact_way, opened
from tests.vision import reference
from tests.vision.pictures import png
from tests.vision.sounds import heard, noise, wav

TOKENS = 12
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


def generate(model, count, pictures, sounds=(), *, piece=10_000, retaken=False):
    """Greedy tokens after a user's message, as `Answer` makes them."""
    assert model.senses is not None
    model.resize(count)
    look = model.senses.read([Turn("user", TEXT, pictures, sounds)])
    caches = make_prompt_cache(model.model)
    seen = model.senses.encode(look, look.tokens, lambda: None)
    model.senses.place(caches, seen, len(look.tokens))
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
    E, least = model.layout.experts, model.router_shape.least
    for count in (least, E // 2, E) if pictures == TWO else (least,):
        assert generate(model, count, pictures) == expected, f"{count} of {E} experts"


def test_pictures_change_the_answer(folder):
    assert len({tuple(reference.greedy(folder, TEXT, given, TOKENS)) for given in (ONE, TWO, TWO[::-1], ())}) == 4


SOUNDS = [noise(1.7, 1), noise(0.4, 2)]


@pytest.fixture(scope="module")
def hearing(tmp_path_factory):
    folder = make_sighted_checkpoint(tmp_path_factory.mktemp("hearing") / "qwen3_omni_moe", "qwen3_omni_moe")
    model = opened(folder)
    yield model
    model.close()


@pytest.mark.parametrize(("pictures", "sounds"), [((), 1), ((), 2), (TWO, 2)], ids=["one", "two", "with pictures"])
def test_sounds_are_heard_as_mlx_vlm_hears_them(hearing, tmp_path, pictures, sounds):
    files = tuple(wav(tmp_path / f"{n}.wav", sound) for n, sound in enumerate(SOUNDS[:sounds]))
    expected = reference.greedy(hearing.path, TEXT, pictures, TOKENS, [heard(file) for file in files])

    E, least = hearing.layout.experts, hearing.router_shape.least
    for count in (least, E // 2, E) if pictures else (least,):
        assert generate(hearing, count, pictures, files) == expected, f"{count} of {E} experts"
    assert generate(hearing, E, pictures, files, piece=7) == expected


def test_encoders_are_promised_one_after_the_other(hearing, tmp_path):
    path = wav(tmp_path / "sound.wav", noise(1.0))
    senses = hearing.senses
    senses._kept.clear()

    def passing(pictures=(), sounds=()):
        return senses.passing_bytes(senses.read([Turn("user", TEXT, pictures, sounds)]))

    assert passing() == 0
    assert passing(ONE, (path,)) == max(passing(ONE), passing(sounds=(path,)))


def test_sounds_change_the_answer(hearing):
    given = [[], SOUNDS[:1], SOUNDS, SOUNDS[::-1]]
    assert len({tuple(reference.greedy(hearing.path, TEXT, (), TOKENS, one)) for one in given}) == 4


def test_the_pieces_do_not_change_the_answer(folder, model):
    expected = reference.greedy(folder, TEXT, TWO, TOKENS)
    for piece in (1, 7):
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
    assert held == pytest.approx(model.dense_bytes(), rel=0.02)
    assert mx.get_peak_memory() - before < held + model.layout.routed_bytes / 4

    assert model.senses is not None
    look = model.senses.read([Turn("user", TEXT, ONE)])
    encoder = model.layout.encoder_bytes
    seen = model.senses.encode(look, look.tokens, lambda: None)
    kept = sum(rows.nbytes for _, encoded in seen.encoded.values() for rows in encoded)
    pixels = sum(part.values.nbytes for _, part in look.parts.values())
    assert mx.get_active_memory() - before == pytest.approx(held + kept + pixels, abs=encoder / 2)
    model.close()


def test_the_language_part_alone_is_opened_by_mlx_lm_where_it_can(folder):
    model = open_model(folder, lambda _done, _of: None, media=False)
    if folder.name in WORDS_BY_MLX_VLM:
        assert type(model.model).__mro__[1].__module__.startswith("mlx_vlm.")
    else:
        assert model.senses is None
        assert type(model.model).__mro__[1].__module__.startswith("mlx_lm.")
    model.close()
