"""Routing among residents, family by family, against the stock model."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache

from engine.generation.opened import Opened
from engine.lab.families import FAMILIES as TINY
from engine.lab.families import UNTESTABLE
from engine.lab.sighted_families import SIGHTED
from engine.lab.tiny import make_checkpoint
from engine.routing import families
from engine.routing.resident import by_kind
from tests.reference import PROMPT, greedy, greedy_with_logprobs, wanted
from tests.running import exact_way, generate, install, last_logits, opened

SUPPORTED = sorted(n for n in TINY if n.split("+")[0] in families.SUPPORTED and n not in UNTESTABLE)
TOKENS = 32


@pytest.fixture(params=SUPPORTED, scope="module")
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("model") / request.param, request.param)


def test_every_family_of_the_table_has_a_checkpoint() -> None:
    aliases = {"joyai_llm_flash", "kimi_k2"}  # built by deepseek_v3's file
    assert families.SUPPORTED - aliases - SIGHTED.keys() <= {name.split("+")[0] for name in TINY}


def test_all_resident_is_mlx_lm(path: Path) -> None:
    model = opened(path)
    E = model.layout.experts
    model.resize(E)
    install(model, [range(E)] * len(model.blocks))
    assert generate(model, model.resident, PROMPT, TOKENS) == greedy(path, PROMPT, TOKENS)
    model.close()


def test_a_superset_of_what_was_wanted_changes_nothing(path: Path) -> None:
    short = PROMPT[:3]  # so short that it cannot want every expert
    steps = wanted(path, short, 1)  # per layer, the prompt's and the first step's choices
    model = opened(path)
    E, groups = model.layout.experts, model.router_shape.groups
    needed = [sorted({int(e) for ids in layer for e in ids.ravel()}) for layer in steps]
    count = min(E, -(-max(len(ids) for ids in needed) // groups) * groups)
    model.resize(E)
    supersets = [_superset(model, ids, count) for ids in needed]
    install(model, supersets)

    caches = make_prompt_cache(model.model)
    last_logits(model, model.resident, short[:-1], caches)
    ours = last_logits(model, model.resident, short[-1:], caches)

    _, logprobs = greedy_with_logprobs(path, short, 1)
    assert np.abs(ours - np.logaddexp.reduce(ours) - logprobs[0]).max() < 1e-5
    assert any(len(ids) < E for ids in supersets) or groups > 1
    model.close()


def test_coverage_is_one_exactly_when_nothing_is_missing(path: Path) -> None:
    model = opened(path)
    assert model.resident is not None
    E, least = model.layout.experts, model.router_shape.least
    model.resize(E)
    steps = wanted(path, PROMPT, 1)
    for selection, whole in (([list(range(E))] * len(model.blocks), True), (_poorest(model, steps, least), False)):
        install(model, selection)
        model.resident.forget()
        caches = make_prompt_cache(model.model)
        with model.through(model.resident):
            model.model(mx.array(PROMPT[:-1])[None], cache=caches)
            model.resident.forget()
            model.model(mx.array(PROMPT[-1:])[None], cache=caches)
            served = model.resident.served()
        coverage, ids = np.array(served.coverage), np.array(served.wanted)
        here = [np.isin(row, chosen).all() for row, chosen in zip(ids, selection, strict=True)]
        assert (coverage == 1.0).tolist() == here
        assert ((coverage >= 0) & (coverage <= 1 + 1e-6)).all()
        assert all(here) is whole
    model.close()


def test_another_of_its_kind_meets_a_wish() -> None:
    here = np.zeros((2, 12), bool)
    here[0, [0, 1, 11]] = here[1, 5] = True
    assert np.array_equal(by_kind(here, 1), here)
    assert np.flatnonzero(by_kind(here, 4)[0]).tolist() == [0, 1, 2, 9, 10, 11]
    assert np.flatnonzero(by_kind(here, 4)[1]).tolist() == [3, 4, 5]


def test_wanted_experts_are_the_stock_routers_choice(path: Path) -> None:
    model = opened(path)
    assert model.resident is not None
    E = model.layout.experts
    model.resize(E)
    install(model, [range(E)] * len(model.blocks))
    caches = make_prompt_cache(model.model)
    with model.through(model.resident):
        model.model(mx.array(PROMPT[:-1])[None], cache=caches)
        model.resident.forget()
        model.model(mx.array(PROMPT[-1:])[None], cache=caches)
        found = np.array(model.resident.served().wanted)
    for layer, steps in enumerate(wanted(path, PROMPT, 1)):
        assert set(found[layer].tolist()) == set(steps[1].ravel().tolist())
    model.close()


def test_reselecting_back_and_forth_changes_nothing_and_allocates_nothing(path: Path) -> None:
    model = opened(path)
    E, least = model.layout.experts, model.router_shape.least
    groups = model.router_shape.groups
    model.resize(min(E, least))
    first = [_spread(E, groups, least, 0)] * len(model.blocks)
    second = [_spread(E, groups, least, E // groups - least // groups)] * len(model.blocks)
    install(model, first)
    before = last_logits(model, model.resident, PROMPT)
    install(model, second)
    install(model, first)
    mx.clear_cache()
    held = mx.get_active_memory()
    for _ in range(25):
        install(model, second)
        install(model, first)
    mx.clear_cache()
    assert mx.get_active_memory() <= held
    assert (last_logits(model, model.resident, PROMPT) == before).all()
    model.close()


def test_leaving_the_resident_way_makes_the_routers_whole_again(path: Path) -> None:
    expected = greedy(path, PROMPT, 8)
    model = opened(path)
    least = model.router_shape.least
    model.resize(least)
    install(model, [_spread(model.layout.experts, model.router_shape.groups, least, 0)] * len(model.blocks))
    generate(model, model.resident, PROMPT, 4)
    assert model.resident is not None
    model.resident.leave()
    assert generate(model, exact_way(model, least), PROMPT, 8) == expected
    model.close()


def _superset(model: Opened, needed: list[int], count: int) -> list[int]:
    """`count` experts with the needed ones among them, equally many of each group."""
    groups, E = model.router_shape.groups, model.layout.experts
    size = E // groups
    each = max(count // groups, *(sum(e // size == g for e in needed) for g in range(groups)))
    chosen: list[int] = []
    for g in range(groups):
        mine = [e for e in needed if e // size == g]
        others = [e for e in range(g * size, (g + 1) * size) if e not in mine]
        chosen += (mine + others)[:each]
    return sorted(chosen)


def _poorest(model: Opened, steps: list[list[np.ndarray]], least: int) -> list[list[int]]:
    """The least legal set, as far as possible of experts that the last step did not want."""
    groups, E = model.router_shape.groups, model.layout.experts
    size = E // groups
    sets = []
    for layer in steps:
        last = set(layer[1].ravel().tolist())
        chosen: list[int] = []
        for g in range(groups):
            ids = sorted(range(g * size, (g + 1) * size), key=lambda e: e in last)
            chosen += ids[: least // groups]
        sets.append(sorted(chosen))
    return sets


def _spread(experts: int, groups: int, count: int, start: int) -> list[int]:
    size = experts // groups
    return [g * size + start + i for g in range(groups) for i in range(count // groups)]
