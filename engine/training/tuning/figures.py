"""What a model is worth on held-out documents: exact, and frozen at one residency. The lab's rows. Engine thread."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt

from engine.lab.evaluation.choosing import Case, Setting
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.kinds import KINDS
from engine.lab.evaluation.scores import Tally
from engine.lab.evaluation.stage import Pulse, open_stage
from engine.lab.evaluation.tracing import exactly, popular, trace

_KEYS = ("nll", "agreement", "coverage", "loss")


def figures(
    folder: Path, documents: Sequence[Document], count: int, memory: int | None, seed: int, pulse: Pulse
) -> dict[str, Any]:
    """exact: nats per token; prefill, and predictor where there is one: nll, agreement with its own exact, coverage,
    loss against its own exact, at `count` residents per layer, as `cadre eval` measures them; overlap of their sets.
    """
    stage = open_stage(folder, max(len(d.tokens) for d in documents), memory, pulse)
    try:
        traces = [trace(stage, document) for document in documents]
        exact, priors = exactly(traces), popular(traces, stage.experts)
        found: dict[str, Any] = {"exact": exact.total / sum(d.scored for d in documents)}
        setting = Setting(stage, seed)
        for name in ("prefill", "predictor"):
            if KINDS[name].predicts and stage.opened.predictor is None:
                continue
            cases = [Case(n, d, priors[n], count) for n, d in enumerate(documents)]
            tally, sets = Tally(), []
            for case in cases:
                tally.scores.append(KINDS[name].serve(setting, case))
                sets.append(np.array([bank.table.slot_of >= 0 for bank in stage.opened.residency.banks]))
            row = tally.row(documents, exact)
            found[name] = {key: row[key] for key in _KEYS} | {"overlap": overlap(np.array(sets))}
        return found
    finally:
        stage.opened.close()
        del stage
        gc.collect()
        mx.clear_cache()


def overlap(sets: npt.NDArray[np.bool_]) -> float | None:
    """Of sets [documents, L, E]: the share of one document's experts that is in another's as well, on average.

    1 when tuning has made them all the same: then the model is a smaller one, and no longer chooses.
    """
    documents, together = len(sets), sets.sum(axis=0)
    if documents < 2:
        return None
    return float((together * (together - 1)).sum() / ((documents - 1) * together.sum()))
