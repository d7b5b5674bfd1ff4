"""What the rows of an evaluation mean: the same tokens everywhere, exact is mlx-lm's, all resident is exact."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from engine.generation.decode import Cursor, ExactDecoder
from engine.lab.evaluation import choosing
from engine.lab.evaluation.choosing import Case, Setting, by_ranking
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.kinds import KINDS, TREATMENTS, Kind
from engine.lab.evaluation.paper import exact_bytes, paper_residency, play
from engine.lab.evaluation.scores import Exactly, Scores, Tally
from engine.lab.evaluation.stage import Stage
from engine.lab.evaluation.tracing import Trace, popular, trace
from engine.lab.evaluation.walking import Forced
from engine.lab.evaluation.ways import LeastRecent, Leaving, wanted_of
from tests import reference
from tests.lab.evaluating import document, half, nothing, stage

WAYS = {**KINDS, **TREATMENTS}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    made = stage(tmp_path_factory.mktemp("models") / "m")
    yield made
    made.opened.close()


def setting(model: Stage, **options: Any) -> Setting:
    return Setting(model, 0, **options)


def case(model: Stage, count: int, doc: Document | None = None) -> Case:
    prior = np.random.default_rng(0).random((model.layers, model.experts)).astype(np.float32)
    return Case(0, doc or document(), prior, count)


def stock_nll(folder: Path, doc: Document) -> tuple[np.ndarray, np.ndarray]:
    """nll and greedy tokens of the scored part as mlx-lm has them, in one forward."""
    logits = reference.load(folder)(mx.array(doc.tokens[:-1])[None])[0, doc.prompt - 1 :].astype(mx.float32)
    nll = mx.logsumexp(logits, axis=-1) - mx.take_along_axis(logits, mx.array(doc.targets)[:, None], axis=-1)[:, 0]
    return np.array(nll), np.array(mx.argmax(logits, axis=-1))


# --- exact -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["qwen3_moe", "bailing_moe", "gpt_oss"])
def test_exact_is_what_mlx_lm_says(family: str, tmp_path: Path) -> None:
    model, doc = stage(tmp_path / "m", family), document()

    exact = trace(model, doc)

    nll, greedy = stock_nll(tmp_path / "m", doc)
    np.testing.assert_allclose(exact.nll, nll, atol=1e-4)
    assert (exact.greedy == greedy).all()
    model.opened.close()


def test_exact_is_the_same_where_memory_holds_few_experts(model: Stage) -> None:
    all_resident = trace(model, document())
    few = Stage(model.opened, 4, model.piece, nothing)
    np.testing.assert_allclose(trace(few, document()).nll, all_resident.nll, atol=1e-4)


@pytest.mark.parametrize("name", WAYS)
def test_with_every_expert_resident_each_way_is_exact(name: str, model: Stage) -> None:
    exact = trace(model, document())

    scores = WAYS[name].serve(setting(model), case(model, model.experts))

    np.testing.assert_allclose(scores.nll, exact.nll, atol=2e-4)
    np.testing.assert_allclose(scores.coverage, 1, atol=1e-5)
    assert (scores.greedy == exact.greedy).all()
    assert (scores.bytes_read, scores.retaken) == (0, 0)


def test_the_bytes_of_exact_are_those_the_engine_reads(tmp_path: Path) -> None:
    model, doc = stage(tmp_path / "m"), document()
    wanted = trace(model, doc).wanted
    model.opened.close()
    model = stage(tmp_path / "m")  # its banks are empty
    count = half(model)
    caches, scores = model.begin(count), Scores.empty(len(doc.tokens))
    forced = Forced(replace(doc, prompt=0), scores)
    cursor = Cursor(caches, mx.array(doc.tokens[:1]), 1, forced)  # type: ignore[arg-type]
    decoder = ExactDecoder(model.opened, cursor, model.exact(count))
    paper = paper_residency(model.opened.layout.layers, 1, count + 2)

    for row in wanted:
        decoder.step()
        play(paper, row)
        assert paper.traffic.bytes_read == model.opened.residency.traffic.bytes_read
    model.opened.close()


def test_with_every_expert_resident_exact_reads_nothing(model: Stage) -> None:
    docs = [document(seed) for seed in range(2)]
    traces = [trace(model, doc) for doc in docs]
    layers = model.opened.layout.layers
    reads = [exact_bytes(layers, 1, count, docs, traces, nothing) for count in (4, 8, model.experts)]
    assert reads == sorted(reads, reverse=True)
    assert reads[0] > reads[-1] == 0


# --- the protocol ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WAYS)
def test_every_way_scores_the_same_tokens(name: str, model: Stage) -> None:
    doc = document(tokens=70, prompt=17)
    scores = WAYS[name].serve(setting(model, ration=1e5), case(model, half(model), doc))
    assert scores.nll.shape == scores.greedy.shape == scores.coverage.shape == (53,)
    assert not np.isnan(scores.nll).any()
    assert 0 < scores.coverage.mean() < 1 + 1e-6


PREPARED = {
    "prefill": choosing.by_prefill,
    "balanced": choosing.by_exact_prefill,
    "predictor": choosing.by_prediction,
    "profile": by_ranking(choosing.popularity),
    "random": by_ranking(choosing.chance),
}


@pytest.mark.parametrize("name", PREPARED)
def test_the_set_depends_on_the_prompt_and_not_on_what_is_scored(name: str, model: Stage) -> None:
    doc = document()
    other = replace(doc, tokens=doc.tokens[: doc.prompt] + tuple(reversed(doc.targets)))
    sets = []
    for one in (doc, other):
        PREPARED[name](setting(model), case(model, half(model), one))
        sets.append([ids.tolist() for ids in model.opened.residency.resident()])
    assert sets[0] == sets[1]
    assert all(len(ids) == half(model) for ids in sets[0])


@pytest.mark.parametrize("name", ["prefill", "balanced", "predictor"])
def test_another_prompt_chooses_another_set(name: str, model: Stage) -> None:
    sets = []
    for seed in (0, 1):
        alone = replace(case(model, half(model), document(seed)), prior=np.zeros((3, 16), np.float32))
        PREPARED[name](setting(model), alone)
        sets.append([ids.tolist() for ids in model.opened.residency.resident()])
    assert sets[0] != sets[1]


def test_the_profile_comes_from_the_other_documents_only() -> None:
    def wanting(expert: int) -> Trace:
        return Trace(np.zeros(1, np.float32), np.zeros(1, np.int32), np.full((10, 2, 1), expert, np.int16))

    priors = popular([wanting(0), wanting(1), wanting(2)], experts=4)

    assert [np.flatnonzero(prior[0]).tolist() for prior in priors] == [[1, 2], [0, 2], [0, 1]]
    assert priors[0].sum(axis=1).tolist() == [20, 20]


def test_random_sets_are_those_of_the_seed(model: Stage) -> None:
    draws = [choosing.chance(Setting(model, seed), case(model, 8)) for seed in (0, 0, 1)]
    assert (draws[0] == draws[1]).all()
    assert not (draws[0] == draws[2]).all()


# --- what is missing ---------------------------------------------------------------------------------------


def test_a_missing_weight_is_lost_or_shared(model: Stage) -> None:
    """With experts that all put out 1, the sum over the chosen is the weight that is left."""
    choosing.by_exact_prefill(setting(model), case(model, 8))
    model.route_by_all()
    block = model.opened.blocks[1]
    x = mx.random.normal((1, 20, 64), key=mx.random.key(0))
    assert block.router is not None
    logits = block.router.logits(x)
    ids, weights = wanted_of(block, logits)
    total = weights.sum(axis=-1)
    here = mx.array(block.bank.table.slot_of >= 0)[ids]
    left = []
    for renormalise in (False, True):
        way = Leaving(model.opened.blocks, renormalise=renormalise)
        way.see(block, x, logits)
        y = way.switch(block, x, ids[None], lambda x, slots: mx.ones((*slots.shape, x.shape[-1])))
        left.append(np.array((y[0, ..., 0] * weights).sum(axis=-1) / total))
    coverage = np.array((weights * here).sum(axis=-1) / total)
    assert coverage.min() < 0.9
    np.testing.assert_allclose(left[0], coverage, rtol=1e-5)
    np.testing.assert_allclose(left[1], (coverage > 0).astype(np.float32), rtol=1e-5)


@pytest.mark.parametrize("name", ["lru", "lru-rationed", "lru, renormalise"])
def test_a_least_recently_used_bank_serves_a_document_as_it_serves_token_by_token(name: str, model: Stage) -> None:
    singly = Stage(model.opened, model.fits, 1, nothing)
    ration = 0.3 * model.opened.layout.layers[0].expert_bytes
    at_once = WAYS[name].serve(setting(model, ration=ration), case(model, 6))
    one_by_one = WAYS[name].serve(setting(singly, ration=ration), case(singly, 6))
    np.testing.assert_allclose(at_once.nll, one_by_one.nll, atol=2e-4)
    assert at_once.bytes_read == one_by_one.bytes_read > 0
    if name == "lru-rationed":
        assert at_once.bytes_read <= ration * model.layers * document().scored


class Ones:
    """In the place of the exact way: every expert puts out 1."""

    def see(self, *_: Any) -> None: ...

    def switch(self, _block: Any, x: mx.array, ids: mx.array, _stock: Any) -> mx.array:
        return mx.ones((*ids.shape, x.shape[-1]))


@pytest.mark.parametrize("slots", [4, 6, 9])
def test_a_least_recently_used_bank_hits_what_such_a_bank_hits(slots: int, model: Stage) -> None:
    block = model.opened.blocks[1]
    assert block.router is not None
    x = mx.random.normal((40, 64), key=mx.random.key(3))
    logits = block.router.logits(x)
    ids, weights = wanted_of(block, logits)
    way = LeastRecent(Ones(), [[], []], slots, None)  # type: ignore[arg-type]
    way.dropping = True

    way.see(block, x, logits)
    y = way.switch(block, x, ids, lambda x, _slots: x)

    used: list[int] = []
    misses = 0
    for row, weight, found in zip(np.array(ids), np.array(weights), np.array(y[..., 0]), strict=True):
        assert found.tolist() == [float(e in used[-slots:]) for e in row]
        misses += sum(e not in used[-slots:] for e in row)
        hits = [int(e) for _, e in sorted(zip(weight, row, strict=True)) if e in used[-slots:]]
        missed = [int(e) for _, e in sorted(zip(-weight, row, strict=True)) if e not in used[-slots:]]
        for e in hits + missed:
            used = [u for u in used if u != e] + [e]
    assert way.bytes_read == misses * block.layer.expert_bytes
    np.testing.assert_allclose(way.coverage[0], np.array((y[..., 0] * weights).sum(-1) / weights.sum(-1)), rtol=1e-5)
    assert 0 < misses < ids.size


# --- rows --------------------------------------------------------------------------------------------------


def test_a_row_adds_up_its_documents() -> None:
    def scores(nll: list[float], greedy: list[int], coverage: float) -> Scores:
        return Scores(
            np.array(nll, np.float32), np.array(greedy, np.int32), np.full(len(nll), coverage, np.float32), 30
        )

    docs = [Document((0,) * 6, 4, 10), Document((0,) * 8, 4, 14)]
    exact = Exactly([np.ones(2, np.float32), np.ones(4, np.float32)], [np.zeros(2, np.int32), np.zeros(4, np.int32)])

    row = Tally([scores([1, 2], [0, 1], 0.5), scores([2, 2, 2, 3], [0, 0, 1, 1], 1.0)]).row(docs, exact)

    assert (row["nll"], row["nll_per_byte"], row["agreement"]) == (2.0, 0.5, 0.5)
    assert (row["coverage"], row["bytes_per_token"], row["loss"]) == (pytest.approx(5 / 6), 10.0, 1.0)
    assert row["loss_error"] == pytest.approx(np.sqrt(0.5 * 2 * 0.375**2))  # 1.5 and 2.25 when one is left out


def test_one_document_has_no_standard_error() -> None:
    exact = Exactly([np.ones(2, np.float32)], [np.zeros(2, np.int32)])
    one = Scores(np.ones(2, np.float32), np.zeros(2, np.int32), np.ones(2, np.float32))
    assert Tally([one]).row([Document((0,) * 6, 4, 10)], exact)["loss_error"] is None


def test_every_kind_has_a_name_of_its_own_in_the_report() -> None:
    labels = [(kind.mode, kind.selector) for kind in KINDS.values()]
    assert len(set(labels)) == len(labels)
    assert all(isinstance(kind, Kind) and kind.mode in ("fast", "balanced") for kind in KINDS.values())
