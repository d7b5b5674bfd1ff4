"""Which part of a kept conversation serves the next request."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.conversation import Conversation
from engine.generation.opened import arrays
from engine.lab.tiny import make_checkpoint
from tests.reference import PROMPT, greedy
from tests.running import exact_way, generate, opened


def conversation(*spans: tuple[int, float]) -> Conversation:
    kept = Conversation([])
    for end, coverage in spans:
        kept.extend(range(len(kept.tokens), end), coverage)
    return kept


def test_the_shared_beginning_is_usable_but_one_token_is_left_to_ask() -> None:
    kept = conversation((10, 1.0))
    assert kept.usable([0, 1, 2, 99], 1.0) == 3
    assert kept.usable(list(range(10)), 1.0) == 9
    assert kept.usable(list(range(20)), 1.0) == 10
    assert kept.usable([99], 1.0) == 0


def test_exact_uses_exact_spans_only_and_balanced_those_above_its_threshold() -> None:
    kept = conversation((4, 1.0), (6, 0.95), (8, 0.5), (9, 1.0))
    prompt = list(range(20))
    assert kept.usable(prompt, 1.0) == 4
    assert kept.usable(prompt, 0.9) == 6
    assert kept.usable(prompt, 0.0) == 9


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "qwen3_next", "lfm2_moe", "llama4"])
@pytest.mark.parametrize("changed", [5, 30])
def test_a_rewound_conversation_goes_on_as_if_it_were_new(family: str, changed: int, tmp_path: Path) -> None:
    """A prompt that shares its first `changed` tokens, or all of the earlier prompt, with what is kept."""
    path = make_checkpoint(tmp_path / "m", family)
    model = opened(path)
    model.resize(8)
    way = exact_way(model, 8)
    kept = Conversation(make_prompt_cache(model.model))
    with model.through(way):
        model.model(mx.array(PROMPT[:-4])[None], cache=kept.caches)
        mx.eval(arrays(kept.caches))
    kept.extend(PROMPT[:-4], 1.0)
    kept.keep_place()
    answer = generate(model, way, PROMPT[-4:], 20, kept.caches)
    kept.extend([*PROMPT[-4:], *answer[:-1]], 1.0)
    follow_up = [*PROMPT[:changed], 70, 71, 72, 73]

    left = kept.rewind(kept.usable(follow_up, 1.0))

    if not left:
        kept = Conversation(make_prompt_cache(model.model))
    assert left in (0, changed)
    assert kept.tokens == list(follow_up[:left])
    assert generate(model, way, follow_up[left:], 8, kept.caches) == greedy(path, follow_up, 8)
    model.close()


def test_a_recurrent_model_comes_back_to_the_end_of_the_last_prompt(tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", "qwen3_next"))
    model.resize(8)
    way = exact_way(model, 8)
    kept = Conversation(make_prompt_cache(model.model))
    with model.through(way):
        model.model(mx.array(PROMPT)[None], cache=kept.caches)
        mx.eval(arrays(kept.caches))
    kept.extend(PROMPT, 1.0)
    kept.keep_place()
    kept.extend(generate(model, way, [65], 10, kept.caches), 1.0)

    assert kept.rewind(len(PROMPT) + 2) == len(PROMPT)
    assert kept.tokens == list(PROMPT)
    model.close()
