"""A run learns, goes on after a kill as if nothing had happened, and leaves a model that mlx-lm and the engine open."""

from __future__ import annotations

import dataclasses
import json

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.utils import load

from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.routing.predictor import FILE, load_predictor
from engine.training import learner as module
from engine.training.builtin import save_model
from engine.training.checkpoints import flat, parameters
from engine.training.dev import dev_nll
from engine.training.dialogues import Turn, padded
from engine.training.learner import Learner
from engine.training.marks import settle
from engine.training.products import expert_products as products
from engine.training.recipe import Recipe, Routing, Shape
from engine.training.run import Run, _evenness
from engine.training.spans import Spans, draw
from engine.training.starting import kinds_of, start_from
from engine.training.tokenizer import END, dialogue_encoder, save_tokenizer, train_tokenizer

SHAPE = Shape(
    vocabulary=320,
    hidden=32,
    layers=3,
    dense_width=64,
    heads=2,
    kv_heads=1,
    head=16,
    experts=8,
    expert_width=32,
    context=256,
)
RECIPE = Recipe(
    shape=SHAPE,
    steps=6,
    batch_tokens=256,
    longest=64,
    rate=1e-2,
    warm_up=2,
    counts=((2, 0.5), (4, 0.25), (8, 0.25)),
    home=4,
    kinds=2,
    whole=3,
    shortest_prompt=4,
    longest_prompt=16,
)
DIALOGUES = [
    (Turn("user", f"Find me {what} in {where}."), Turn("assistant", f"There is a good {what} in {where}."))
    for what in ("a film", "a table", "a flight", "a song")
    for where in ("Paris", "Rome", "Oslo", "Lima", "Cairo")
]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer([t.text for d in DIALOGUES for t in d], SHAPE.vocabulary)


@pytest.fixture(scope="module")
def documents(tokenizer):
    encode = dialogue_encoder(tokenizer)
    return [encode(d) for d in DIALOGUES]


def run(recipe, documents, folder, every=2):
    return Run(recipe, documents, documents[:4], folder, say=lambda _line: None, every=every)


@pytest.mark.parametrize("routing", list(Routing))
def test_a_run_learns(routing, documents, tmp_path):
    dense = 3 if routing is Routing.DENSE else 1
    recipe = dataclasses.replace(
        RECIPE, routing=routing, steps=30, shape=dataclasses.replace(SHAPE, dense_layers=dense)
    )
    training = run(recipe, documents, tmp_path, every=100)
    before = dev_nll(training.learner, documents[:4], prompt=8)
    learner = training.go()
    after = dev_nll(learner, documents[:4], prompt=8)
    assert all(after[size] < before[size] - 1 for size in before)


def test_a_killed_run_ends_as_an_unbroken_one(documents, tmp_path):
    whole = run(RECIPE, documents, tmp_path / "whole").go()

    class Killed(Exception):
        pass

    broken = run(RECIPE, documents, tmp_path / "broken")
    step = broken._step

    def dying(batch):
        if broken.step == 3:
            raise Killed
        return step(batch)

    broken._step = dying
    with pytest.raises(Killed):
        broken.go()
    resumed = run(RECIPE, documents, tmp_path / "broken")
    learner = resumed.go()
    assert resumed.step == RECIPE.steps
    for (name, a), (_, b) in zip(flat(parameters(whole)), flat(parameters(learner)), strict=True):
        assert np.array(a) == pytest.approx(np.array(b), abs=1e-5), name


def test_variants_are_one_until_they_part(documents, tmp_path):
    """Experts 0 to 3 are of one kind, 4 to 7 of the other."""

    def expert(learner, number):
        return np.array(learner.model.layers[1].mlp.experts.up_proj.weight[number])

    halfway = run(dataclasses.replace(RECIPE, steps=4), documents, tmp_path / "a")
    before = expert(halfway.learner, 1)
    step, seen = halfway._step, []

    def looking(batch):
        seen.append([expert(halfway.learner, number) for number in (0, 1, 4)])
        return step(batch)

    halfway._step = looking
    halfway.go()

    assert seen[2][1] == pytest.approx(before, rel=0.01)  # nobody asks it yet: it only decays
    assert (seen[3][0] == seen[3][1]).all()  # the split, before the step
    assert not np.allclose(seen[3][0], seen[3][2])
    assert not np.allclose(expert(halfway.learner, 0), expert(halfway.learner, 1))


def test_a_checkpoint_of_another_recipe_is_refused(documents, tmp_path):
    run(dataclasses.replace(RECIPE, seed=2), documents, tmp_path).go()
    with pytest.raises(KnownError, match="another recipe"):
        run(RECIPE, documents, tmp_path).go()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"cut off")
    with pytest.raises(KnownError, match="cannot be read"):
        run(RECIPE, documents, tmp_path).go()


def test_a_finished_run_can_be_made_longer(documents, tmp_path):
    run(dataclasses.replace(RECIPE, steps=2), documents, tmp_path).go()
    longer = run(dataclasses.replace(RECIPE, steps=4), documents, tmp_path)
    longer.go()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [2, 4]


def test_settled_marks_tell_prompts_apart_however_far_the_scores_have_moved(documents):
    learner = Learner(dataclasses.replace(RECIPE, kinds=0))
    predictor = learner.predictor
    predictor.widen.bias = mx.random.normal(predictor.widen.bias.shape) * 10
    at_first = used(learner, documents)
    settle(predictor, learner.model, RECIPE, documents)
    assert (at_first == 0).sum() > SHAPE.moe_layers * SHAPE.experts / 3
    assert (used(learner, documents) == 0).sum() <= 1


def used(learner, documents):
    """How many documents' sets hold each expert [L, E]."""
    h = [learner.model.layers[0](learner.model.model.embed_tokens(mx.array([d])), "causal") for d in documents]
    scores = np.concatenate([np.array(learner.predictor(one)) for one in h])
    return (scores.argsort(-1).argsort(-1) >= SHAPE.experts - RECIPE.home).sum(axis=0)


@pytest.mark.parametrize("prompts", [False, True])
def test_prompts_are_learnt_while_kinds_are_whole_if_the_recipe_says_so(prompts):
    mx.random.seed(0)
    learner = Learner(dataclasses.replace(RECIPE, prompts=prompts))
    tokens = mx.array(np.random.default_rng(0).integers(1, SHAPE.vocabulary, (2, 21)))
    spans, lengths = Spans(mx.array([10, 10]), mx.array([20, 20]), mx.array([4, 4])), mx.array([20, 20])
    learner.whole = True
    nats = np.array(learner.token_nll(tokens, spans))
    first = 0 if prompts else 9  # the nats of the second token come first
    nll = learner.losses(tokens, lengths, spans, 0.0).nll.item()
    assert nll == pytest.approx(nats[:, first:19].mean(), rel=1e-5)


@pytest.mark.parametrize("heeded", [0.0, 1.0])
def test_what_lies_outside_a_set_reaches_the_model_as_far_as_it_is_heeded(heeded):
    mx.random.seed(0)
    learner = Learner(dataclasses.replace(RECIPE, heeded=heeded))
    tokens = mx.array(np.random.default_rng(0).integers(1, SHAPE.vocabulary, (2, 21)))
    spans, lengths = Spans(mx.array([10, 10]), mx.array([20, 20]), mx.array([4, 4])), mx.array([20, 20])

    def outside(_tokens):
        return learner.losses(tokens, lengths, spans, 0.0).outside

    _, gradients = nn.value_and_grad(learner, outside)(tokens)
    embedding = gradients["model"]["model"]["embed_tokens"]["weight"]
    assert bool(mx.abs(embedding).max() > 0) is (heeded > 0)


def test_a_set_restricts_what_a_sequence_may_use(documents, monkeypatch):
    learner = Learner(RECIPE)
    tokens = mx.array([documents[0][:20], documents[1][:20]])
    spans = Spans(mx.array([5, 5]), mx.array([20, 20]), mx.array([2, 8]))
    for layer in learner.model.layers[1:]:
        layer.mlp.gate.e_score_correction_bias = mx.array([3.0, 0, 0, 0, 0, 0, 0, -3.0])  # beyond any score
    learner.losses(tokens, mx.array([20, 20]), spans, noise=0.0)
    sets = np.array(learner._sets)
    assert sets[0].sum(-1).max() == 2
    assert sets[1].all()
    chosen = []

    def spy(switch, x, ids):
        chosen.append(ids)
        return products(switch, x, ids)

    monkeypatch.setattr(module, "expert_products", spy)
    learner.losses(tokens, mx.array([20, 20]), spans, noise=0.0)
    sets = np.array(learner._sets).transpose(2, 0, 1, 3)
    assert np.take_along_axis(sets, np.array(mx.stack(chosen)), axis=-1).all()


def test_experts_that_are_chosen_too_often_are_held_back(documents):
    learner = Learner(RECIPE)
    batch = padded(documents[:6])
    spans = draw(RECIPE, batch.lengths, np.random.default_rng(0))
    lengths = mx.array(batch.lengths)
    before = losses = learner.losses(mx.array(batch.tokens), lengths, spans, noise=0.0)
    for _ in range(100):
        learner.balance(losses)
        losses = learner.losses(mx.array(batch.tokens), lengths, spans, noise=0.0)
    assert _evenness(losses.loads) > 0.95 > _evenness(before.loads)


def test_draws_stay_within_the_documents():
    lengths = np.array([20, 33, 64] * 20, np.int32)
    spans = draw(RECIPE, lengths, np.random.default_rng(1))
    prompt, turn, size = (np.array(a) for a in spans)
    assert (prompt >= 4).all()
    assert (prompt <= lengths / 2).all()
    assert ((prompt <= turn) & (turn <= lengths)).all()
    assert set(size.tolist()) == {2, 4, 8}


@pytest.mark.parametrize("bits", [None, 8])
def test_what_is_saved_is_the_model_that_was_trained(bits, documents, tokenizer, tmp_path):
    learner = run(RECIPE, documents, tmp_path / "run").go()
    folder = tmp_path / "model"
    folder.mkdir()
    save_tokenizer(tokenizer, folder, SHAPE.context)
    save_model(learner, RECIPE, folder, tokenizer.get_vocab()[END], documents, bits)

    stock, wrapped = load(str(folder))[:2]
    tokens = mx.array([documents[0]])
    ours = learner.token_nll(tokens, None)
    logits = stock(tokens[:, :-1]).astype(mx.float32)
    theirs = mx.logsumexp(logits, axis=-1) - mx.take_along_axis(logits, tokens[:, 1:, None], axis=-1)[..., 0]
    assert np.abs(np.array(ours - theirs)).mean() < (1e-4 if bits is None else 0.05)
    assert layout(Checkpoint.open(folder)).experts == SHAPE.experts
    laid_out = wrapped.apply_chat_template(
        [{"role": t.role, "content": t.text} for t in DIALOGUES[0]], add_generation_prompt=False
    )
    assert laid_out == documents[0]

    predictor = load_predictor(folder, SHAPE.hidden, SHAPE.moe_layers, SHAPE.experts)
    h = mx.random.normal((1, 7, SHAPE.hidden))
    assert predictor is not None
    assert np.array(predictor(h)) == pytest.approx(np.array(learner.predictor(h)), rel=5e-3, abs=5e-2)


def test_a_predictor_of_another_shape_or_broken_is_refused(documents, tmp_path):
    assert load_predictor(tmp_path, 32, 2, 8) is None
    (tmp_path / FILE).write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    with pytest.raises(KnownError, match="predictor"):
        load_predictor(tmp_path, 32, 2, 8)


@pytest.mark.parametrize("bits", [None, 6])
def test_a_run_goes_on_from_a_finished_model(bits, documents, tokenizer, tmp_path):
    first = run(RECIPE, documents, tmp_path / "first").go()
    folder = tmp_path / "model"
    folder.mkdir()
    save_model(first, RECIPE, folder, tokenizer.get_vocab()[END], documents, bits)
    second = run(dataclasses.replace(RECIPE, seed=5), documents, tmp_path / "second").learner
    start_from(folder, second)
    expected, found = (dev_nll(learner, documents[:4], prompt=8)["8"] for learner in (first, second))
    assert found == pytest.approx(expected, abs=1e-4 if bits is None else 0.05)
    assert np.array(second.predictor.mark) == pytest.approx(np.array(first.predictor.mark), abs=2e-3)


def test_a_run_that_goes_on_from_a_model_keeps_its_variants(documents, tokenizer, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    first = run(RECIPE, documents, tmp_path / "first").go()
    save_model(first, RECIPE, folder, tokenizer.get_vocab()[END], documents, None)
    assert kinds_of(folder, SHAPE) == RECIPE.kinds
    second = run(dataclasses.replace(RECIPE, whole=0), documents, tmp_path / "second")
    start_from(folder, second.learner)

    second._begin()

    assert not second.learner.whole
    weights = second.learner.model.layers[1].mlp.experts.up_proj.weight
    assert np.array(weights) == pytest.approx(np.array(first.model.layers[1].mlp.experts.up_proj.weight), abs=1e-6)


def test_a_folder_of_another_shape_is_refused(documents, tokenizer, tmp_path):
    first = run(RECIPE, documents, tmp_path / "first").go()
    save_model(first, RECIPE, tmp_path, tokenizer.get_vocab()[END], documents, None)
    other = dataclasses.replace(RECIPE, shape=dataclasses.replace(SHAPE, hidden=64))
    with pytest.raises(KnownError, match="holds no model of this shape"):
        start_from(tmp_path, run(other, documents, tmp_path / "other").learner)
