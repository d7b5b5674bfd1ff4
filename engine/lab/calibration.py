"""The calibrate job: a model's points measured by the evaluation's own code, and stored as its budget profile.

What is finished of the evaluation is kept, so a calibration that was stopped goes on. Engine thread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.budget import profile_store
from engine.budget.points import Point, Shape, points
from engine.budget.profile import Line, Profile, Served
from engine.checkpoint.folder import Checkpoint
from engine.checkpoint.layout import layout
from engine.errors import KnownError
from engine.lab.evaluation.run import evaluate
from engine.lab.jobs import Progress
from engine.messages import Mode
from engine.models.catalogue import resolve
from engine.models.places import model_name
from engine.routing.families import router_shape
from engine.routing.predictor import FILE

ROWS = ("exact", "prefill", "balanced")
BUILT_IN = "the text that comes with Cadre"


def calibrate(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """options: model; text, documents, longest, memory, fresh as for the evaluation; beside: the profile is to be kept
    in the model's folder as well. A report for people and scripts.

    Raises:
        KnownError: there is nothing to choose, no room, no text, or the profile could not be stored.
        Cancelled: `progress` said so; what is finished is kept.
    """
    folder = resolve(options["model"])
    checkpoint = Checkpoint.open(folder)
    shape = shape_of(checkpoint)
    table = [point for point in points(shape) if point.residents < shape.experts]
    _check(folder, shape, table)
    rows = [*ROWS, *(["predictor"] if (folder / FILE).exists() else [])]
    asked = {name: value for name, value in options.items() if name != "beside"} | {
        "rows": rows,
        "residency": [point.residents for point in table],
    }
    report = evaluate(asked, progress)
    profile = profile_from(report, BUILT_IN if options.get("text") is None else Path(options["text"]).name)
    if not profile.of(Served(Mode.BALANCED)):
        raise KnownError("Memory holds none of the model's points.", "Allow more memory, or close other apps.")
    stored = profile_store.write(checkpoint, profile)
    if options.get("beside"):
        stored = profile_store.ship(checkpoint, profile)
    return {
        "model": model_name(folder),
        "points": [asdict(point) for point in points(shape)],
        "profile": asdict(profile),
        "stored": str(stored),
        "notes": report["notes"],
        "machine": report["machine"],
    }


def shape_of(checkpoint: Checkpoint) -> Shape:
    found = layout(checkpoint)
    return Shape(
        experts=found.experts,
        router=router_shape(checkpoint.model_type, checkpoint.text_config),
        slot_bytes=found.slot_bytes,
        slot_parameters=found.slot_parameters,
        dense_parameters=found.dense_parameters,
    )


def profile_from(report: Mapping[str, Any], text: str) -> Profile:
    """The profile that an evaluation's report holds, exact's bytes among the lines."""
    exact = next(row for row in report["rows"] if row["mode"] == Mode.EXACT)
    lines = [_line(row) for row in report["rows"] if row is not exact]
    lines += [
        Line(Mode.EXACT, "", on["experts"], exact["nll"], 0.0, 0.0, 1.0, on["bytes_per_token"])
        for on in report["exact_bytes"]
    ]
    return Profile(
        experts=report["model"]["experts"],
        text=text,
        documents=report["protocol"]["documents"],
        tokens=report["protocol"]["tokens"],
        exact_nll=exact["nll"],
        lines=tuple(lines),
    )


def _line(row: Mapping[str, Any]) -> Line:
    """The loss of one document has no standard error: its own size stands for it."""
    error = row["loss_error"]
    return Line(
        mode=Mode(row["mode"]),
        selector=row["selector"],
        residents=row["experts"],
        nll=row["nll"],
        loss=row["loss"],
        error=abs(row["loss"]) if error is None or not math.isfinite(error) else error,
        coverage=row["coverage"],
        bytes_per_token=row["bytes_per_token"],
    )


def _check(folder: Path, shape: Shape, table: Sequence[Point]) -> None:
    if shape.experts == 0:
        raise KnownError(
            f"{folder.name} has no experts to choose from: there is nothing to calibrate.",
            "Choose a mixture-of-experts model.",
        )
    if shape.router.family is None:
        raise KnownError(
            f"The family of {folder.name} runs exact only: every token gets what it wants, with any number of experts.",
            "There is nothing to calibrate.",
        )
    if not table:
        raise KnownError(f"{folder.name} works with all of its experts only.", "There is nothing to calibrate.")
