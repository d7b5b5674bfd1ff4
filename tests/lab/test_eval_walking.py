"""Tokens in pieces, taken back where something happens, equal the engine's own decoder token by token."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import mlx.core as mx
import numpy as np
import pytest

from engine.generation import decode, reselect
from engine.generation.decode import Cursor, ResidentDecoder
from engine.generation.reselect import Reselection, Watch
from engine.lab.evaluation.choosing import Case, Prepare, Setting, by_exact_prefill, by_prefill
from engine.lab.evaluation.scores import Scores
from engine.lab.evaluation.stage import Stage
from engine.lab.evaluation.walking import Forced, Serving, Walk
from tests.lab.evaluating import document, half, stage

FAMILIES = ["qwen3_moe", "deepseek_v3", "gpt_oss", "qwen3_next"]
"""Plain, grouped, sliding windows, recurrent states: the last two cannot be cut anywhere."""


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("retakes", [False, True], ids=["reselection", "balanced"])
def test_in_pieces_and_token_by_token_are_the_same(family, retakes, tmp_path, monkeypatch) -> None:
    model = stage(tmp_path / "m", family)
    case = Case(0, document(), np.zeros((model.layers, model.experts), np.float32), half(model))
    prepare = by_exact_prefill if retakes else by_prefill
    frozen = Walk(model, case.document, prepare(Setting(model, 0), case), case.count, Serving()).run()
    between = float(np.median(frozen.coverage))  # so that things happen, and not at every token
    monkeypatch.setattr(reselect, "RESELECT_BELOW", between)
    monkeypatch.setattr(decode, "RETAKE_BELOW", between)
    serving = Serving(reselects=True, retakes=retakes)
    caches = prepare(Setting(model, 0), case)

    walked = Walk(model, case.document, caches, case.count, serving).run()

    expected = token_by_token(model, prepare, case, serving)
    np.testing.assert_allclose(walked.nll, expected.nll, atol=2e-4)
    np.testing.assert_allclose(walked.coverage, expected.coverage, atol=1e-5)
    assert (walked.greedy == expected.greedy).all()
    assert (walked.retaken, walked.reselections) == (expected.retaken, expected.reselections)
    assert walked.bytes_read == expected.bytes_read
    if serving.retakes:
        assert 0.1 < walked.retaken / case.document.scored < 0.9
    else:
        assert walked.reselections > 0
    model.opened.close()


def token_by_token(model: Stage, prepare: Prepare, case: Case, serving: Serving) -> Scores:
    """The engine's decoder, as an answer drives it, with the document's tokens for a sampler's."""
    caches = prepare(Setting(model, 0), case)
    opened, doc = model.opened, case.document
    assert opened.resident is not None
    scores = Scores.empty(doc.scored)
    forced = Forced(doc, scores)
    cursor = Cursor(caches, mx.array(doc.tokens[doc.prompt - 1 : doc.prompt]), doc.prompt, forced)  # type: ignore[arg-type]
    exact = model.exact(case.count) if serving.retakes else None
    decoder = ResidentDecoder(opened, cursor, model.wait, exact, case.count)
    reselection, watch = Reselection(opened.residency, opened.resident), Watch()
    coverage: list[np.ndarray] = []
    before = opened.residency.traffic.bytes_read
    for position in range(doc.prompt, len(doc.tokens)):
        taken = decoder.step()
        forced.take(position)
        coverage.append(taken.coverage)
        scores.retaken += taken.missed is not None
        if serving.reselects and watch.why(coverage):
            decoder.settle()
            scores.reselections += 1
            reselection.begin(opened.blocks, case.count)
            while reselection.busy():
                reselection.advance()
            reselection.advance()
    decoder.settle()
    scores.bytes_read = opened.residency.traffic.bytes_read - before
    scores.coverage[:] = [float(c.mean()) for c in coverage]
    return scores


def test_a_piece_takes_far_fewer_forwards_than_it_has_tokens(tmp_path: Path, monkeypatch) -> None:
    model = stage(tmp_path / "m")
    case = Case(0, document(), np.zeros((model.layers, model.experts), np.float32), half(model))
    caches = by_prefill(Setting(model, 0), case)
    counted = Mock(side_effect=model.forward)
    monkeypatch.setattr(model, "forward", counted)

    Walk(model, case.document, caches, case.count, Serving()).run()

    assert counted.call_count == -(-case.document.scored // model.piece)
    model.opened.close()
