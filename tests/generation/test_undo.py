"""Every step can be undone on every cache type, past its window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.decode import Cursor, ResidentDecoder
from engine.generation.opened import arrays
from engine.generation.sampling import Sampler
from engine.generation.undo import mark, snapshot
from engine.lab.tiny import make_checkpoint
from engine.messages import Sampling
from tests.reference import PROMPT, greedy
from tests.running import exact_way, generate, install, opened, wait

# one family for each kind of cache; sliding windows of the tiny families are 16 tokens, chunks 16
BY_CACHE = {
    "plain": "qwen3_moe",
    "rotating": "gpt_oss",
    "rotating and shared": "gemma4",
    "recurrent": "qwen3_next",
    "convolution": "lfm2_moe",
    "mamba": "granitemoehybrid",
    "chunked": "llama4",
    "list": "deepseek_v32",
    "the model's own": "deepseek_v41",
    "n-gram": "longcat_flash_ngram",
    "delta and latent": "kimi_linear",
}
TOKENS = 24


@pytest.fixture(params=BY_CACHE, scope="module")
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("model") / "m", BY_CACHE[request.param])


def test_wrong_tokens_that_were_undone_leave_no_trace(path: Path) -> None:
    expected = greedy(path, PROMPT, TOKENS)
    model = opened(path)
    model.resize(model.layout.experts)
    caches = make_prompt_cache(model.model)
    way = exact_way(model, model.layout.experts)
    tokens = []

    def step(token: mx.array) -> mx.array:
        return mx.argmax(model.model(token[None], cache=caches)[:, -1, :], axis=-1)

    with model.through(way):
        model.model(mx.array(PROMPT[:-1])[None], cache=caches)
        mx.eval(arrays(caches))
        token = mx.array(PROMPT[-1:])
        for i in range(TOKENS):
            marks = []
            for wrong in range(1 + i % 2):  # one token, two tokens, in turn
                marks.append(mark(caches, 1))
                mx.eval(step(mx.array([7 + wrong])))
            for undo in reversed(marks):
                undo()
            token = step(token)
            tokens.append(int(np.array(token)[0]))
    assert tokens == expected
    model.close()


def test_a_prefill_piece_that_was_undone_leaves_no_trace(path: Path) -> None:
    expected = greedy(path, PROMPT, 16)
    model = opened(path)
    model.resize(model.layout.experts)
    caches = make_prompt_cache(model.model)
    way = exact_way(model, model.layout.experts)
    with model.through(way):
        model.model(mx.array(PROMPT[:20])[None], cache=caches)
        mx.eval(arrays(caches))
        undo = mark(caches, 9)
        mx.eval(model.model(mx.array(list(range(40, 49)))[None], cache=caches))
        undo()
    assert generate(model, way, PROMPT[20:], 16, caches) == expected
    model.close()


def test_a_snapshot_brings_back_its_place_after_many_tokens(path: Path) -> None:
    model = opened(path)
    model.resize(model.layout.experts)
    caches = make_prompt_cache(model.model)
    way = exact_way(model, model.layout.experts)
    with model.through(way):
        model.model(mx.array(PROMPT[:-1])[None], cache=caches)
        mx.eval(arrays(caches))
    back = snapshot(caches)
    first = generate(model, way, PROMPT[-1:], 20, caches)
    back()
    assert generate(model, way, PROMPT[-1:], 20, caches) == first
    back()
    assert generate(model, way, PROMPT[-1:], 20, caches) == first
    model.close()


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "gemma4", "qwen3_next", "lfm2_moe", "deepseek_v32"])
def test_retaking_tokens_at_random_changes_nothing_when_all_is_resident(family: str, tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "m", family)
    expected = greedy(path, PROMPT, TOKENS)
    model = opened(path)
    E = model.layout.experts
    model.resize(E)
    install(model, [range(E)] * len(model.blocks))
    caches = make_prompt_cache(model.model)
    with model.through(model.resident):  # type: ignore[arg-type]
        model.model(mx.array(PROMPT[:-1])[None], cache=caches)
        mx.eval(arrays(caches))
    decoder = _decoder(model, caches, E)
    luck = np.random.default_rng(0)
    tokens = []
    for _ in range(TOKENS):
        decoder.retake_below = 2.0 if luck.random() < 0.2 else 0.0
        decoder._retakes.clear()  # so that a token is always under way ahead
        taken = decoder.step()
        assert (taken.missed is not None) == (decoder.retake_below == 2.0)
        tokens.append(taken.token)
    decoder.settle()
    assert tokens == expected
    model.close()


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "deepseek_v3", "qwen3_next"])
def test_retaking_every_token_is_exact_at_the_least_residency(family: str, tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path / "m", family)
    expected = greedy(path, PROMPT, TOKENS)
    model = opened(path)
    least = model.router_shape.least
    model.resize(least)
    caches = make_prompt_cache(model.model)
    way = exact_way(model, least)
    generate(model, way, PROMPT[:-1], 0, caches)
    with model.through(way):
        model.model(mx.array(PROMPT[-2:-1])[None], cache=caches)
        mx.eval(arrays(caches))
    install(model, [model.residency.hottest(b.index, least) for b in model.blocks])
    decoder = _decoder(model, caches, least)
    decoder.retake_below = 2.0
    assert [decoder.step().token for _ in range(TOKENS)] == expected
    model.close()


def test_nothing_is_ahead_of_the_last_token(tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", "qwen3_moe"))
    E = model.layout.experts
    model.resize(E)
    install(model, [range(E)] * len(model.blocks))
    caches = make_prompt_cache(model.model)
    decoder = _decoder(model, caches, E)
    decoder.retake_below = 0.0
    decoder.step()
    decoder.step()
    assert caches[0].offset == 3

    decoder.step(last=True)

    assert caches[0].offset == 3
    model.close()


def _decoder(model: Any, caches: list[Any], count: int) -> ResidentDecoder:
    exact = exact_way(model, count)
    cursor = Cursor(caches, mx.array(PROMPT[-1:]), len(PROMPT), Sampler(Sampling()))
    return ResidentDecoder(model, cursor, wait, exact, count)
