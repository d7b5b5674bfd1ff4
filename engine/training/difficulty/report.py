"""How good the classifier is on what it did not learn from, as one JSON object. Knows no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from engine.budget.classifier import CASES, Classifier, Reading
from engine.budget.difficulty import FAMILIAR, difficulty
from engine.budget.request import Request, UseCase
from engine.training.difficulty.prompts import Example
from engine.training.difficulty.scores import auc, auc_spread, calibration_error, rank_correlation, reliability


def report(classifier: Classifier, held_out: Sequence[Example], requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """requests: text, use_case and difficulty (1 to 5), labelled by hand."""
    readings = [classifier.read(example.text) for example in held_out]
    return {
        "held_out": dict(Counter(_family(e.source) for e in held_out)),
        "weak_fails_auc": _failing(held_out, readings),
        "math_levels": _levels(held_out, readings),
        "calibration": _calibration(held_out, readings),
        "use_case": _use_cases(held_out, readings),
        "unfamiliar": _unfamiliar(readings),
        "requests": _requests(classifier, requests),
    }


def _family(source: str) -> str:
    return source.partition("_")[0]


def _measured(examples: Sequence[Example], readings: Sequence[Reading], source: str) -> tuple[list[float], list[bool]]:
    chosen = [(r.fails, bool(e.fails)) for e, r in zip(examples, readings, strict=True) if e.source.startswith(source)]
    return [said for said, _ in chosen], [failed for _, failed in chosen]


def _failing(examples: Sequence[Example], readings: Sequence[Reading]) -> dict[str, Any]:
    subjects = sorted({e.source for e in examples if e.source.startswith("mmlu_")})
    by_subject = {s.removeprefix("mmlu_"): _area(*_measured(examples, readings, s)) for s in subjects}
    return {
        "gsm8k": _area(*_measured(examples, readings, "gsm8k")),
        "mmlu": _area(*_measured(examples, readings, "mmlu_")),
        "mmlu_within_subjects": _pooled([p for p in by_subject.values() if p["auc"] is not None]),
        "mmlu_subjects": by_subject,
    }


def _area(said: Sequence[float], failed: Sequence[bool]) -> dict[str, Any]:
    area = auc(said, failed)
    error = None if area is None else auc_spread(area, failed)
    return {"auc": area, "error": error, "prompts": len(said), "failed": sum(failed)}


def _pooled(subjects: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over pairs of one subject only: knowing the subject helps nothing."""
    pairs = np.array([p["failed"] * (p["prompts"] - p["failed"]) for p in subjects], float)
    areas, errors = (np.array([p[name] for p in subjects]) for name in ("auc", "error"))
    return {
        "auc": float((areas * pairs).sum() / pairs.sum()),
        "error": float(np.sqrt(((errors * pairs) ** 2).sum()) / pairs.sum()),
        "subjects": len(subjects),
        "subjects_above_half": int((areas > 0.5).sum()),
    }


def _levels(examples: Sequence[Example], readings: Sequence[Reading]) -> dict[str, Any]:
    chosen = [(e.level, r.fails) for e, r in zip(examples, readings, strict=True) if e.level]
    levels, said = [level for level, _ in chosen], [fails for _, fails in chosen]
    return {
        "prompts": len(chosen),
        "rank_correlation": rank_correlation(levels, said),
        "auc_levels_4_and_5": _area(said, [level > 3 for level in levels]),
    }


def _calibration(examples: Sequence[Example], readings: Sequence[Reading]) -> dict[str, Any]:
    """Only where it was measured whether the weak model fails: GSM8K and MMLU."""
    both = [_measured(examples, readings, source) for source in ("gsm8k", "mmlu_")]
    said, failed = (np.array([value for b in both for value in b[i]], float) for i in (0, 1))
    table = reliability(said, failed)
    return {"error": calibration_error(table), "table": table}


def _use_cases(examples: Sequence[Example], readings: Sequence[Reading]) -> dict[str, Any]:
    right = [e.use_case is r.case for e, r in zip(examples, readings, strict=True)]
    of = {case: [ok for e, ok in zip(examples, right, strict=True) if e.use_case is case] for case in CASES}
    sources = {
        source: [ok for e, ok in zip(examples, right, strict=True) if _family(e.source) == source]
        for source in sorted({_family(e.source) for e in examples})
    }
    sure = np.array([float(r.shares.max()) for r in readings])
    table = reliability(sure, np.array(right, float))
    return {
        "accuracy": float(np.mean(right)),
        "recall": {str(case): _share(oks) for case, oks in of.items()},
        "by_source": {source: _share(oks) for source, oks in sources.items()},
        "calibration_error": calibration_error(table),
    }


def _share(oks: Sequence[bool]) -> dict[str, Any]:
    return {"right": sum(oks), "of": len(oks)}


def _unfamiliar(readings: Sequence[Reading]) -> dict[str, float]:
    """How often an English text would be taken for one that cannot be judged."""
    strange = [r.familiar is not None and r.familiar < FAMILIAR for r in readings]
    return {"threshold": FAMILIAR, "share_of_held_out": float(np.mean(strange))}


def _requests(classifier: Classifier, requests: Sequence[dict[str, Any]]) -> dict[str, Any]:
    judged = [difficulty(Request(r["text"]), classifier) for r in requests]
    labels, scores = [r["difficulty"] for r in requests], [j.score for j in judged]
    by_case = {}
    for case in sorted({r["use_case"] for r in requests}):
        at = [i for i, r in enumerate(requests) if r["use_case"] == case]
        said, truth = [scores[i] for i in at], [labels[i] for i in at]
        constant = len(set(truth)) == 1 or len(set(said)) == 1
        by_case[case] = {"prompts": len(at), "rank_correlation": None if constant else rank_correlation(said, truth)}
    right = [j.use_case is UseCase(r["use_case"]) for j, r in zip(judged, requests, strict=True)]
    return {
        "prompts": len(requests),
        "rank_correlation": rank_correlation(scores, labels),
        "rank_correlation_of_length": rank_correlation([len(r["text"]) for r in requests], labels),
        "auc_3_and_more": auc(scores, [label >= 3 for label in labels]),
        "use_case_accuracy": float(np.mean(right)),
        "by_use_case": by_case,
    }
