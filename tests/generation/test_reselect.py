"""Changing the set while tokens keep coming."""

from __future__ import annotations

from concurrent import futures
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlx_lm.models.cache import make_prompt_cache

from engine.budget.points import SPARES
from engine.budget.profile import Line, Profile, Served
from engine.generation.decode import Cursor, ResidentDecoder
from engine.generation.opened import Opened, arrays
from engine.generation.reselect import RESELECT_BELOW, RESELECT_WINDOW, Reselection, Watch, _paired, too_low
from engine.generation.sampling import Sampler
from engine.lab.tiny import make_checkpoint
from engine.messages import Mode, Sampling
from tests.reference import PROMPT
from tests.running import install, opened, wait


@pytest.mark.parametrize("family", ["qwen3_moe", "gpt_oss", "deepseek_v3"])
def test_sets_change_under_running_tokens_and_every_slot_holds_its_expert(family: str, tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", family))
    assert model.resident is not None
    count = model.router_shape.legal(model.layout.experts // 2, model.layout.experts)
    model.resize(count)
    first = model.residency.best(np.arange(model.layout.experts), count)
    install(model, [first] * len(model.blocks))
    decoder = _decoder(model, count)
    reselection = Reselection(model.residency, model.resident)
    for target in (_last(model, count), first, _last(model, count)):
        model.residency.heat[:] = 0
        model.residency.heat[:, target] = 1000
        assert reselection.begin(model.blocks, count) > 0
        while reselection.busy():
            decoder.step()
            assert all(len(block.bank.table.resident()) == count for block in model.blocks)
            for _, batch in reselection.reading:
                futures.wait(batch._futures)  # arrived, not yet swapped in
            reselection.advance()
        decoder.step()
        reselection.advance()
        _check_rows(model)
        assert [sorted(block.bank.table.resident().tolist()) for block in model.blocks] == [sorted(target)] * len(
            model.blocks
        )
        assert all(block.bank.table.free == SPARES for block in model.blocks)
    decoder.settle()
    model.close()


def test_a_dropped_reselection_gives_every_slot_back(tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", "qwen3_moe"))
    assert model.resident is not None
    model.resize(8)
    install(model, [range(8)] * len(model.blocks))
    model.residency.heat[:, 8:] = 1000
    reselection = Reselection(model.residency, model.resident)
    reselection.begin(model.blocks, 8)
    reselection.advance()
    assert reselection.reading

    reselection.drop()

    assert all(block.bank.table.free + len(block.bank.table.resident()) == 8 + SPARES for block in model.blocks)
    assert not reselection.busy()
    model.close()


def test_pairs_stay_within_a_group_and_who_is_left_comes_for_any_other() -> None:
    assert _paired([5, 1], [0, 4], 4) == [(5, 4), (1, 0)]
    assert _paired([9, 1], [0, 4], 4) == [(1, 0), (9, 4)]
    assert _paired([9, 8], [0], 4) == [(9, 0)]


def test_a_set_that_serves_badly_is_changed_once_and_then_judged_anew() -> None:
    watch = Watch()
    poor = [np.full(3, 0.4, np.float32)] * RESELECT_WINDOW
    assert watch.why(poor[:-1]) == ""
    assert watch.why(poor) == "coverage fell to 40%"
    assert watch.why([*poor, poor[0]]) == ""
    assert watch.why(poor * 2) == "coverage fell to 40%"


def test_a_set_that_serves_well_stays() -> None:
    assert Watch().why([np.full(3, 0.9, np.float32)] * 100) == ""


def test_a_given_set_stays_unless_asked() -> None:
    watch = Watch(fixed=True)
    poor = [np.zeros(3, np.float32)] * 100
    assert watch.why(poor) == ""
    watch.asked = True
    assert watch.why(poor) == "asked for"
    assert watch.why(poor) == ""


@given(st.integers(1, 20))
def test_a_period_is_kept(every: int) -> None:
    watch = Watch(every=every)
    good = np.ones(2, np.float32)
    asked = [n for n in range(1, 100) if watch.why([good] * n)]
    assert asked == list(range(every, 100, every))


def _decoder(model: Opened, count: int) -> ResidentDecoder:
    caches = make_prompt_cache(model.model)
    assert model.resident is not None
    with model.through(model.resident):
        model.model(mx.array(PROMPT[:-1])[None], cache=caches)
        mx.eval(arrays(caches))
    cursor = Cursor(caches, mx.array(PROMPT[-1:]), len(PROMPT), Sampler(Sampling()))
    return ResidentDecoder(model, cursor, wait, None, count)


def _last(model: Opened, count: int) -> list[int]:
    return model.residency.best(np.arange(model.layout.experts)[::-1], count)


def _check_rows(model: Opened) -> None:
    """Every resident's bytes are the checkpoint's."""
    for block in model.blocks:
        for expert in block.bank.table.resident().tolist():
            for tensor in block.layer.tensors:
                file, offset, length = tensor.row(expert)
                expected = np.fromfile(file, np.uint8, length, offset=offset)
                slot = int(block.bank.table.slot_of[expert])
                assert (block.bank.row(tensor, slot) == expected).all()


def test_a_set_that_covers_little_is_changed() -> None:
    little = [np.full(3, 0.45)] * RESELECT_WINDOW
    assert Watch().why(little)
    assert not Watch(below=0.4).why(little)
    assert not Watch().why([np.full(3, 0.75)] * RESELECT_WINDOW)


@pytest.mark.parametrize(
    ("coverage", "loss", "below"),
    [
        ({4: 0.9, 8: 0.95}, {4: 0.5, 8: 0.01}, RESELECT_BELOW),  # as an ordinary model's that serves well
        ({4: 0.5, 8: 0.6}, {4: 0.5, 8: 0.01}, 0.5),  # ten points below what is usual
        ({4: 0.3, 8: 0.8}, {4: 0.01, 8: 0.0}, 0.3),  # it bears what half as many cover
    ],
)
def test_what_was_measured_says_how_little_is_too_little(coverage, loss, below) -> None:
    lines = tuple(Line(Mode.FAST, "prefill", n, 2.0, loss[n], 0.0, coverage[n], 0.0) for n in (4, 8))
    profile = Profile(32, "a text", 4, 100, 2.0, lines)
    assert too_low(profile.bearing(Served(Mode.FAST), 8, 0.03)) == pytest.approx(below)
    assert profile.bearing(Served(Mode.FAST), 2, 0.03) is None
    assert too_low(None) == RESELECT_BELOW


def test_nobody_comes_for_a_small_difference_unless_the_person_asks(tmp_path: Path) -> None:
    model = opened(make_checkpoint(tmp_path / "m", "qwen3_moe"))
    assert model.resident is not None
    model.resize(8)
    install(model, [list(range(8))] * len(model.blocks))
    heat = model.residency.heat
    heat[:] = 0
    heat[:, :8] = 2.0
    heat[:, 8] = 2.5  # a little hotter than those here
    heat[:, 9] = 4.0  # by two tokens
    reselection = Reselection(model.residency, model.resident)
    assert reselection.begin(model.blocks, 8) == len(model.blocks)
    assert {exchange.coming for exchange in reselection.waiting} == {9}
    reselection.drop()
    assert reselection.begin(model.blocks, 8, 0.0) == 2 * len(model.blocks)
    reselection.drop()
    model.close()
