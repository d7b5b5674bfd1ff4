"""The experts that serve one answer: which are resident, what the routers know, what is in flight. Engine thread only.

Everything that selects or decodes for the answer is registered here, so that all of it learns when there are to be more
or fewer residents, and all of it can be landed before another request uses the model. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engine.budget.plan import Plan
from engine.experts.loader import Await, wait_all
from engine.generation.decode import Decoder
from engine.generation.opened import Opened
from engine.generation.reselect import Reselection
from engine.routing.exact import Exact
from engine.routing.predicting import Predicting
from engine.routing.selecting import Selecting

Hook = Callable[[], None]


class Serving:
    """plan: what there is to be now. selecting, exactly, decoder, reselection: at work for the answer, if any."""

    def __init__(self, opened: Opened, plan: Plan, fresh: int, wait: Await) -> None:
        self.opened = opened
        self.plan = plan
        self.wait = wait
        self.use = opened.residency.begin()
        self.use.fresh = fresh
        self.selecting: Selecting | Predicting | None = None
        self.exactly: Exact | None = None
        self.decoder: Decoder | None = None
        self.reselection: Reselection | None = None
        self.by_residents = False
        self._saved: list[np.ndarray] = []

    # --- who is resident ----------------------------------------------------------------------------------

    def install(self, selection: Sequence[Sequence[int]]) -> None:
        """Exactly these experts resident, and the routers told."""
        residency, resident = self.opened.residency, self.opened.resident
        assert resident is not None
        wait_all((residency.fetch(layer, ids) for layer, ids in enumerate(selection)), self.wait)
        for layer, ids in enumerate(selection):
            residency.keep_only(layer, ids)
        resident.refresh_all()
        self.by_residents = True

    def install_hottest(self) -> None:
        """The best set for what was wanted lately."""
        residency = self.opened.residency
        self.install([residency.hottest(b.index, self.plan.resident) for b in self.opened.blocks])

    def route_by_all(self) -> None:
        if self.opened.resident is not None:
            self.opened.resident.leave()
        self.by_residents = False

    def exact(self, between: Hook, *, lately: bool = False) -> Exact:
        return Exact(self.opened.residency, self.plan.resident, between, self.wait, lately=lately)

    # --- more or fewer, and while others run --------------------------------------------------------------

    def resized(self, plan: Plan) -> None:
        """Everybody is told how many there are to be; the banks are not touched."""
        self.plan = plan
        if self.exactly is not None:
            self.exactly.keep = plan.resident
        if self.selecting is not None:
            self.selecting.count = plan.resident
        if self.decoder is not None:
            self.decoder.resized(plan.resident)

    def land(self) -> None:
        """Nothing in flight, no slot half taken: the model can serve another request."""
        if self.decoder is not None:
            self.decoder.settle()
        if self.selecting is not None:
            self.selecting.close()
        if self.reselection is not None:
            self.reselection.drop()

    def set_aside(self) -> None:
        self.land()
        self._saved = self.opened.residency.resident()

    def take_up(self) -> None:
        """As it was before `set_aside`: bank size, residents, routers; or smaller, when the plan has become so."""
        residency, count = self.opened.residency, self.plan.resident
        residency.use = self.use
        self.opened.resize(count)
        if self.by_residents:
            self.install([residency.warmest(layer, ids, count) for layer, ids in enumerate(self._saved)])
        else:
            self.route_by_all()
