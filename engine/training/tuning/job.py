"""The tune job: checks what was asked for and what it will hold, then makes it. One report. Engine thread."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.budget.footprint import footprint, room
from engine.budget.plan import Terms
from engine.budget.points import Shape
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import Layout, layout
from engine.errors import KnownError
from engine.generation.text import open_tokenizer
from engine.lab.evaluation.steps import Steps
from engine.lab.evaluation.texts import read_texts
from engine.lab.jobs import Progress
from engine.models.catalogue import resolve
from engine.routing.families import router_shape
from engine.training.tuning.making import WORK, Making
from engine.training.tuning.promise import learnt_parameters, promise
from engine.training.tuning.request import Request
from engine.training.tuning.texts import split


def tune(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """options: the fields of `Request`.

    Raises:
        KnownError: no such model or text, no experts or routers to tune, no room; a plain sentence says which.
        Cancelled: `progress` said so; what is learnt is kept.
    """
    begun = time.perf_counter()
    request = Request.of(options)
    base = Checkpoint.open(resolve(request.model))
    plan_of_files, out = layout(base), request.folder(base.path)
    shape = _shape(base, plan_of_files)
    _check_place(out)
    learnt = learnt_parameters(base.text_config, shape, len(plan_of_files.layers), request.rank)
    limit = request.memory if request.memory is not None else room()
    terms = Terms(base=footprint(), dense=plan_of_files.dense_bytes, kv=0, activations=0, limit=limit)
    longest = min(request.longest, int(base.text_config.get("max_position_embeddings") or request.longest))
    promised = promise(base.text_config, shape, terms, learnt, request.experts, longest)
    texts = split(read_texts(request.text), open_tokenizer(base.path, None), promised.longest, request.seed)
    _make_place(out)
    return Making(request, base, shape, promised, texts, out, Steps(progress, of=request.steps)).report(begun)


def _check_place(out: Path) -> None:
    """Nothing that is somebody's is written over."""
    if (out / "config.json").exists():
        raise KnownError(f"{out} holds a model already.", "Choose another --out, or delete it.")
    if out.exists() and not (out.is_dir() and ((out / WORK).is_dir() or not any(out.iterdir()))):
        raise KnownError(f"{out} holds something else already.", "Choose another --out.")


def _make_place(out: Path) -> None:
    try:
        (out / WORK).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KnownError(f"{out} cannot be made ({error.strerror}).", "Choose another --out.") from error


def _shape(base: Checkpoint, plan_of_files: Layout) -> Shape:
    """Raises KnownError: there is nothing that could be tuned."""
    if not plan_of_files.layers:
        raise KnownError(f"{base.path.name} has no experts to choose from.", "Choose a mixture-of-experts model.")
    router = router_shape(base.model_type, base.text_config)
    if router.family is None:
        raise KnownError(
            f"Models of the type {base.model_type} run exact only, so that there is nothing to tune.",
            "Choose a model of another family; docs/correctness.md lists them.",
        )
    return Shape(
        experts=plan_of_files.experts,
        router=router,
        slot_bytes=plan_of_files.slot_bytes,
        slot_parameters=plan_of_files.slot_parameters,
        dense_parameters=plan_of_files.dense_parameters,
    )
