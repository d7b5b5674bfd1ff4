"""What is finished of an evaluation, so that one that was stopped goes on where it was. Any thread; no MLX.

One folder per model, text and settings in Cadre's records. The rows stay; what is only needed to go on (the exact
answer's choices, which tell of the text) is deleted when all rows are there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from engine.checkpoint.folder import Checkpoint
from engine.lab.evaluation.documents import Document
from engine.lab.evaluation.tracing import Trace
from engine.models import places
from engine.routing.predictor import FILE

log = logging.getLogger(__name__)

_DECIDING = ("budget", "experts", "generation", "lab/evaluation", "routing")
"""Folders of the engine whose code decides what a row says."""
_LONGEST_DAYS = 30
"""What nobody has gone on with for so long is deleted."""
_ROWS, _TRACES = "rows.json", "traces.npz"


def key(checkpoint: Checkpoint, documents: Sequence[Document], settings: Mapping[str, Any]) -> str:
    """Names one evaluation: the model's files, the tokens, the settings, and the code: an old row is not a new one."""
    files = [(f.path.name, f.size, f.mtime_ns) for f in checkpoint.files]
    predictor = checkpoint.path / FILE
    beside = predictor.stat().st_mtime_ns if predictor.exists() else 0
    tokens = [(d.tokens, d.prompt) for d in documents]
    said = json.dumps([_code(), str(checkpoint.path.resolve()), files, beside, tokens, settings], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _forget_old(records: Path) -> None:
    for folder in records.glob("eval-*"):
        if time.time() - folder.stat().st_mtime > _LONGEST_DAYS * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def _code() -> str:
    engine = Path(__file__).parents[2]
    sources = sorted(file for folder in _DECIDING for file in (engine / folder).glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()


class Kept:
    """A disk that refuses is only logged: the evaluation goes on, and cannot be resumed."""

    def __init__(self, name: str, *, fresh: bool = False) -> None:
        self._folder = places.home() / "records" / f"eval-{name}"
        _forget_old(self._folder.parent)
        if fresh:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._rows: dict[str, Any] = self._read_rows()

    def get(self, row: str) -> Any:
        return self._rows.get(row)

    def put(self, row: str, value: Any) -> None:
        self._rows[row] = value
        self._write(_ROWS, lambda path: path.write_text(json.dumps(self._rows), encoding="utf-8"))

    def traces(self) -> list[Trace]:
        """Those of an earlier start, of the first documents or all."""
        names = [f.name for f in fields(Trace)]
        try:
            with np.load(self._folder / _TRACES, allow_pickle=False) as stored:
                count = len(stored.files) // len(names)
                return [Trace(**{n: stored[f"{n}-{i}"] for n in names}) for i in range(count)]
        except FileNotFoundError:
            return []
        except Exception as error:  # noqa: BLE001 -- a damaged archive raises a dozen kinds
            log.warning("the traces of an earlier evaluation are broken and made anew: %s", error)
            return []

    def put_traces(self, traces: Sequence[Trace]) -> None:
        arrays = {f"{name}-{i}": a for i, t in enumerate(traces) for name, a in asdict(t).items()}
        self._write(_TRACES, lambda path: np.savez_compressed(path, **arrays))

    def finish(self) -> None:
        (self._folder / _TRACES).unlink(missing_ok=True)

    def _read_rows(self) -> dict[str, Any]:
        try:
            rows = json.loads((self._folder / _ROWS).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return rows if isinstance(rows, dict) else {}

    def _write(self, name: str, write: Any) -> None:
        """Whole or not at all."""
        passing = self._folder / f"{os.getpid()}.{name}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write(passing)
            passing.replace(self._folder / name)
        except OSError as error:
            log.warning("what is finished of the evaluation could not be stored: %s", error)
