"""Lab jobs by name, run on the engine thread at a `Measure` command. A table; knows nothing of what a job does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.errors import KnownError


class Progress(Protocol):
    """part: a piece of the report that is finished already. May raise Cancelled."""

    def __call__(self, done: int, of: int, what: str, part: dict[str, Any] | None = None, /) -> None: ...


Job = Callable[[Mapping[str, Any], Progress], dict[str, Any]]


def run_job(job: str, options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """The job's report: numbers, texts, lists and dicts only, so that it is JSON as it stands.

    Raises:
        KnownError: there is no such job, or it cannot be done here.
        Cancelled: `progress` said so.
    """
    if job not in _JOBS:
        raise KnownError(f"There is no lab job {job}.", f"Choose one of {', '.join(sorted(_JOBS))}.")
    return _JOBS[job](options, progress)


def _bench(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from engine.lab.bench.run import bench

    return bench(options, progress)


def _eval(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from engine.lab.evaluation.run import evaluate

    return evaluate(options, progress)


def _calibrate(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from engine.lab.calibration import calibrate

    return calibrate(options, progress)


def _tune(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from engine.training.tuning.job import tune

    return tune(options, progress)


_JOBS: Mapping[str, Job] = {"bench": _bench, "eval": _eval, "calibrate": _calibrate, "tune": _tune}
