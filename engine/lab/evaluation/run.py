"""The eval job: exact once, then row after row, into one report with the keys of `cadre eval --json`. Engine thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from engine.lab.bench.machine import machine
from engine.lab.evaluation import about
from engine.lab.evaluation.cells import Cell, Possible, cells
from engine.lab.evaluation.choosing import Case, Setting
from engine.lab.evaluation.documents import documents
from engine.lab.evaluation.kept import Kept, key
from engine.lab.evaluation.kinds import EXACT
from engine.lab.evaluation.paper import exact_bytes
from engine.lab.evaluation.request import Request, counts
from engine.lab.evaluation.scores import Exactly, Floats, Scores, Tally
from engine.lab.evaluation.stage import Stage, open_stage
from engine.lab.evaluation.steps import Steps
from engine.lab.evaluation.texts import builtin_text, read_texts
from engine.lab.evaluation.tracing import Trace, exactly, popular, trace
from engine.lab.jobs import Progress
from engine.models.catalogue import resolve


def evaluate(options: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    """options: the fields of `Request`.

    Raises:
        KnownError: no text, no experts, no room; a plain sentence says which.
        Cancelled: `progress` said so; what is finished is kept.
    """
    request = Request.of(options)
    folder = resolve(request.model)
    texts = read_texts(request.text or builtin_text(folder))
    steps = Steps(progress)
    stage = open_stage(folder, request.longest, request.memory, steps.pulse)
    try:
        return _Evaluation(request, stage, texts, steps).report()
    finally:
        stage.opened.close()


@dataclass
class _Evaluation:
    request: Request
    stage: Stage
    texts: Sequence[str]
    steps: Steps
    notes: list[str] = field(default_factory=list)

    def report(self) -> dict[str, Any]:
        opened, request = self.stage.opened, self.request
        longest = min(request.longest, opened.context or request.longest)
        self.documents = documents(self.texts, opened.tokenizer, request.documents, longest, request.seed)
        self.kept = Kept(key(opened.checkpoint, self.documents, about.settings(request)), fresh=request.fresh)
        self.setting = Setting(self.stage, request.seed)
        fitting = self._counts()
        table, notes = cells(request, fitting, self._possible())
        self.notes += notes
        self.steps.of = len(self.documents) * (1 + len(table)) + len(fitting)
        parts: dict[str, list[dict[str, Any]]] = {"row": [self._exact_row()], "missing": []}
        on_paper = self._exact_bytes(fitting)
        for cell in table:
            parts[cell.part].append(self._row(cell))
        self.kept.finish()
        return {
            "rows": parts["row"],
            "exact_bytes": on_paper,
            "missing": parts["missing"],
            "protocol": about.protocol(request, self.documents),
            "model": about.model(opened),
            "machine": machine(opened.path),
            "notes": self.notes,
        }

    def _counts(self) -> list[int]:
        wanted = counts(self.stage.opened.shape, self.request.residency)
        fitting = [count for count in wanted if count <= self.stage.fits]
        if len(fitting) < len(wanted):
            most = f"{self.stage.fits} of {self.stage.experts}"
            self.notes.append(f"Memory holds {most} experts per layer; there are no rows above.")
        return fitting

    def _possible(self) -> Possible:
        routes, predicts = self.stage.opened.resident is not None, self.stage.opened.predictor is not None
        return Possible(self.stage.experts, len(self.documents), routes, predicts)

    # --- exact --------------------------------------------------------------------------------------------

    @cached_property
    def _traces(self) -> list[Trace]:
        """Made when a row needs them: where all is finished already, nothing is measured."""
        traces = self.kept.traces()
        for number in range(len(traces), len(self.documents)):
            self.steps.tell(f"{EXACT}, document {number + 1} of {len(self.documents)}")
            traces.append(trace(self.stage, self.documents[number]))
            self.kept.put_traces(traces)
        return traces

    @cached_property
    def _exact(self) -> Exactly:
        return exactly(self._traces)

    @cached_property
    def _popular(self) -> list[Floats]:
        return popular(self._traces, self.stage.experts)

    def _exact_row(self) -> dict[str, Any]:
        row = self.kept.get(EXACT)
        if row is None:
            ones = [Scores(n, g, n * 0 + 1) for n, g in zip(self._exact.nll, self._exact.greedy, strict=True)]
            row = self._labelled(EXACT, "", self.stage.experts) | Tally(ones).row(self.documents, self._exact)
            self.kept.put(EXACT, row)
        self.steps.done = len(self.documents)
        self.steps.tell(part={"row": row})
        return dict(row)

    def _exact_bytes(self, fitting: Sequence[int]) -> list[dict[str, Any]]:
        """What exact reads per token at each residency."""
        opened, found = self.stage.opened, []
        for count in fitting:
            self.steps.what = f"bytes of exact at {count} experts"
            value = self.kept.get(f"{EXACT}:{count}")
            if value is None:
                layers, groups = opened.layout.layers, opened.router_shape.groups
                value = exact_bytes(layers, groups, count, self.documents, self._traces, self.steps.pulse)
                self.kept.put(f"{EXACT}:{count}", value)
            share = count / self.stage.experts
            found.append({"residency": share, "experts": count, "bytes_per_token": value})
            self.steps.done += 1
        self.steps.tell(part={"exact_bytes": found})
        return found

    # --- rows ---------------------------------------------------------------------------------------------

    def _row(self, cell: Cell) -> dict[str, Any]:
        row = self.kept.get(cell.key)
        if row is None:
            row = self._measured(cell)
            self.kept.put(cell.key, row)
        else:
            self.steps.done += len(self.documents)
        self.steps.tell(part={cell.part: row})
        return dict(row)

    def _measured(self, cell: Cell) -> dict[str, Any]:
        priors, setting, tally = self._popular, self._rationed(cell), Tally()
        self.steps.what = f"{cell.name}, {cell.count} experts"
        for number, (document, prior) in enumerate(zip(self.documents, priors, strict=True)):
            tally.scores.append(cell.kind.serve(setting, Case(number, document, prior, cell.count)))
            self.steps.done += 1
            self.steps.pulse()
        row = self._labelled(cell.kind.mode, cell.kind.selector, cell.count) | tally.row(self.documents, self._exact)
        return row | ({"treatment": cell.kind.treatment} if cell.kind.treatment else {})

    def _rationed(self, cell: Cell) -> Setting:
        if not cell.kind.after:
            return self.setting
        before = self.kept.get(f"{cell.kind.after}:{cell.count}")
        return replace(self.setting, ration=before["bytes_per_token"] / self.stage.layers)

    def _labelled(self, mode: str, selector: str, count: int) -> dict[str, Any]:
        return {"mode": mode, "selector": selector, "residency": count / self.stage.experts, "experts": count}
