"""What was measured of a model at its points: how much worse it foresees text with fewer experts. Pure.

Made by `cadre calibrate` (lab/calibration.py), kept beside the model's record (profile_store.py), used by the plan.
Not to be confused with a stored selection, which `--profile` of `cadre ask` takes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.messages import Mode

PREDICTOR = "predictor"
PREFILL = "prefill"
"""Selectors: a predictor beside the model, all layers at once; the routers on the prompt, layer by layer."""


class Served(NamedTuple):
    """selector: which makes the set of a fast answer, where the model gives the choice."""

    mode: Mode
    selector: str = PREDICTOR


@dataclass(frozen=True)
class Line:
    """What being served so costs at one number of residents.

    loss: of nats per token against exact's, a share; error: its standard error. coverage: mean. bytes_per_token: read
    while the scored tokens were served.
    """

    mode: Mode
    selector: str
    residents: int
    nll: float
    loss: float
    error: float
    coverage: float
    bytes_per_token: float

    @property
    def feared(self) -> float:
        """The loss to reckon with: one standard error more than was found."""
        return self.loss + self.error


@dataclass(frozen=True)
class Bearing:
    """Of a set while it answers. usual: the coverage measured with as many experts. least: the lowest with which the
    model was seen to lose no more than it may.
    """

    usual: float
    least: float

    @property
    def slack(self) -> float:
        """Coverage that it can do without."""
        return max(0.0, self.usual - self.least)


@dataclass(frozen=True)
class Profile:
    """text: what it was measured on, in words. exact_nll: nats per token with every expert. lines: any order."""

    experts: int
    text: str
    documents: int
    tokens: int
    exact_nll: float
    lines: tuple[Line, ...]

    def of(self, served: Served) -> tuple[Line, ...]:
        """Its lines, fewest residents first: all of the mode, where its selector was not measured."""
        mine = [line for line in self.lines if line.mode is served.mode]
        chosen = [line for line in mine if line.selector == served.selector]
        return tuple(sorted(chosen or mine, key=lambda line: line.residents))

    def loss(self, served: Served, residents: int) -> float:
        """To be reckoned with at any number of residents: that of the nearest smaller one that was measured, and no
        less than any larger set's. Nothing with all experts; endless below what was measured.
        """
        if served.mode is Mode.EXACT or residents >= self.experts:
            return 0.0
        return next((loss for count, loss in self._falling(served) if count <= residents), math.inf)

    def fewest(self, served: Served, most_lost: float) -> int:
        """The fewest residents, among those measured, that lose no more. All experts always do."""
        if served.mode is Mode.EXACT:
            return 0
        enough = self.experts
        for count, loss in self._falling(served):
            if loss > most_lost:
                break
            enough = count
        return enough

    def at(self, served: Served, residents: int) -> Line | None:
        """What was measured at or next below a number of residents."""
        return next((line for line in reversed(self.of(served)) if line.residents <= residents), None)

    def bearing(self, served: Served, residents: int, most_lost: float) -> Bearing | None:
        """None where it was not measured with so few."""
        line = self.at(served, residents)
        if line is None:
            return None
        fewest = self.fewest(served, most_lost)
        enough = [one.coverage for one in self.of(served) if one.residents >= fewest]
        return Bearing(line.coverage, min(enough, default=1.0))

    def at_exactly(self, residents: int) -> dict[Mode, Line]:
        """What was measured there, fast and balanced."""
        lines = ((mode, self.at(Served(mode), residents)) for mode in (Mode.FAST, Mode.BALANCED))
        return {mode: line for mode, line in lines if line is not None and line.residents == residents}

    def _falling(self, served: Served) -> Iterator[tuple[int, float]]:
        """(residents, loss) from most residents to fewest; the loss never falls on the way, whatever the noise."""
        worst = 0.0
        for line in reversed(self.of(served)):
            worst = max(worst, line.feared)
            yield line.residents, worst
