"""A predictor beside a checkpoint picks the experts of fast answers, all layers at once."""

from __future__ import annotations

import shutil

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.utils import load

from engine import messages as m
from engine.budget.profile import Line, Profile
from engine.budget.profile_store import place, write
from engine.checkpoint.folder import Checkpoint
from engine.lab.tiny import make_checkpoint
from engine.routing.families import router_shape
from engine.routing.predictor import FILE, Predictor, load_predictor, save_predictor
from tests.host.asking import LONG, answer, ask, assert_right, send

FAMILIES = ["dots1", "qwen3_moe", "deepseek_v2"]


@pytest.fixture(scope="module", params=FAMILIES)
def predicted(request, tmp_path_factory):
    """A tiny checkpoint with a random predictor whose scores differ much from prompt to prompt."""
    return with_predictor(make_checkpoint(tmp_path_factory.mktemp("predicted") / request.param, request.param))


def with_predictor(folder, kinds: int = 1):
    model, _ = load(str(folder), lazy=True)[:2]
    layers = [layer for layer in model.layers if hasattr(getattr(layer, "mlp", None), "gate")]
    mx.random.seed(3)
    predictor = Predictor(model.args.hidden_size, len(layers), 16, kinds)
    predictor.widen.weight = mx.random.normal(predictor.widen.weight.shape)
    save_predictor(folder, predictor)
    return folder


def sets(folder, prompt: list[int], count: int) -> list[set[int]]:
    """What the predictor says of the tokens, by mlx-lm's model alone."""
    model, _ = load(str(folder))[:2]
    first = next(i for i, layer in enumerate(model.layers) if hasattr(getattr(layer, "mlp", None), "gate"))
    h = model.model.embed_tokens(mx.array([prompt]))
    for layer in model.layers[:first]:
        h = layer(h, "causal", None)
    predictor = load_predictor(folder, h.shape[-1], len(model.layers) - first, 16)
    assert predictor is not None
    scores = np.array(predictor(h.astype(mx.float32))[0])
    groups = router_shape(model.args.model_type, vars(model.args)).groups
    return [_best(row, count, groups) for row in scores]


def _best(scores: np.ndarray, count: int, groups: int) -> set[int]:
    """The highest, equally many of each group."""
    size = len(scores) // groups
    parts = [np.argsort(-scores[g * size : (g + 1) * size])[: count // groups] + g * size for g in range(groups)]
    return set(np.concatenate(parts).tolist())


def tokens(folder, question: m.Ask) -> list[int]:
    _, tokenizer = load(str(folder), lazy=True)[:2]
    messages = [{"role": t.role, "content": t.content} for t in question.turns]
    laid_out = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=True, return_dict=False)
    return list(laid_out)


def test_the_predictor_chooses_the_residents_of_a_fast_answer(engine, predicted):
    first = ask(predicted, "Which experts does this prompt need?", mode=m.Mode.FAST, experts=0.5, max_tokens=3)
    other = ask(predicted, LONG, mode=m.Mode.FAST, experts=0.5, max_tokens=3)
    record = answer(engine, first)
    assert [set(ids) for ids in record.selection] == sets(predicted, tokens(predicted, first)[:-1], 8)
    record = answer(engine, other)
    prompt = tokens(predicted, other)[:-1]
    head, near = sets(predicted, prompt, 4), sets(predicted, prompt, 12)  # half of the 8 may be loyal
    for ids, most, some in zip(record.selection, head, near, strict=True):
        assert most <= set(ids) <= some
    assert record.experts["bytes_kept"] > 0  # what both prompts need was not read twice
    assert any("predicted sets hold" in note for note in record.notes)


def measured_to_bear(folder, least: float) -> None:
    """It was seen to lose nothing with a coverage of `least`."""

    def line(mode: m.Mode, residents: int, coverage: float) -> Line:
        return Line(mode, "prefill", residents, 2.0, 0.0, 0.0, coverage, 0.0)

    lines = [line(mode, *of) for mode in (m.Mode.FAST, m.Mode.BALANCED) for of in ((4, 0.9), (3, least))]
    profile = Profile(16, "a text", 4, 100, 2.0, tuple(lines))
    write(Checkpoint.open(folder), profile)


@pytest.mark.parametrize("predicted", ["qwen3_moe"], indirect=True)  # without groups, which have a say too
def test_a_set_stays_as_far_as_the_model_was_measured_to_bear(engine, predicted):
    """Its set of 4 then changes for who ranks within 9 of 16, not within 5, and what it covers is enough."""
    first = ask(predicted, "Which experts does this prompt need?", mode=m.Mode.FAST, experts=4, max_tokens=2)
    other = ask(predicted, LONG, mode=m.Mode.FAST, experts=4, max_tokens=24)
    before = [set(ids) for ids in answer(engine, first).selection]
    measured_to_bear(predicted, least=0.0)
    record = answer(engine, other)
    place(predicted).unlink()

    near = sets(predicted, tokens(predicted, other)[:-1], 9)
    for was, ids, some in zip(before, record.selection, near, strict=True):
        assert was & some <= set(ids)
    assert record.experts["reselections"] == 0


def test_where_its_sets_lose_too_much_the_routers_choose(engine, tmp_path):
    """As of the same model without a predictor."""
    alone = make_checkpoint(tmp_path / "alone", "qwen3_moe")
    folder = with_predictor(shutil.copytree(alone, tmp_path / "with"))
    losses = ((m.Mode.FAST, "prefill", 0.0), (m.Mode.FAST, "predictor", 0.5), (m.Mode.BALANCED, "prefill", 0.0))
    lines = [Line(mode, selector, 8, 2.0, loss, 0.0, 0.5, 0.0) for mode, selector, loss in losses]
    write(Checkpoint.open(folder), Profile(16, "a text", 4, 100, 2.0, tuple(lines)))
    record = answer(engine, ask(folder, LONG, mode=m.Mode.AUTO, experts=8, max_tokens=3))
    routed = answer(engine, ask(alone, LONG, mode=m.Mode.FAST, experts=8, max_tokens=3))
    assert record.mode is m.Mode.FAST
    assert record.selection == routed.selection
    assert [set(ids) for ids in record.selection] != sets(folder, tokens(folder, ask(folder, LONG))[:-1], 8)


def test_who_is_here_already_does_not_crowd_out_another_kind(engine, tmp_path):
    folder = with_predictor(make_checkpoint(tmp_path / "kinds", "qwen3_moe"), kinds=4)
    measured_to_bear(folder, least=0.0)
    for text in ("Which experts does this prompt need?", LONG, "And this one?"):
        record = answer(engine, ask(folder, text, mode=m.Mode.FAST, experts=4, max_tokens=3))
        assert all({expert // 4 for expert in ids} == set(range(4)) for ids in record.selection)
        assert record.experts["coverage"] == 1  # one of every kind meets every wish
    assert record.experts["bytes_kept"] > 0


@pytest.mark.parametrize("mode", list(m.Mode))
def test_with_all_experts_resident_every_mode_answers_as_mlx_lm_does(engine, predicted, mode):
    question = ask(predicted, mode=mode, experts=1.0)
    assert_right(answer(engine, question), question)


def test_a_follow_up_is_predicted_from_what_was_said_before_too(engine, predicted):
    question = ask(predicted, mode=m.Mode.FAST, experts=0.5, max_tokens=4, conversation="c")
    record = answer(engine, question)
    turns = (*question.turns, m.Turn("assistant", record.text), m.Turn("user", "And then?"))
    follow_up = ask(predicted, turns=turns, mode=m.Mode.FAST, experts=0.5, max_tokens=4, conversation="c")
    alone = ask(predicted, "And then?", mode=m.Mode.FAST, experts=0.5, max_tokens=4)
    assert answer(engine, follow_up).selection != answer(engine, alone).selection


def test_a_broken_predictor_is_told_in_a_sentence(engine, tmp_path):
    folder = make_checkpoint(tmp_path / "m", "dots1")
    (folder / FILE).write_bytes(b"cut off")
    question = ask(folder, mode=m.Mode.FAST)
    failed = send(engine, question).failed(question.request)
    assert failed.known
    assert FILE in failed.next_step
