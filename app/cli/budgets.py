"""What the budgets come to here and now: which size of a model each tier means, and how much of that memory holds.

Worked out from a report of the model's headers; reads no weights, knows no MLX.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.numbers import parameters, size
from engine.checkpoint.inspect import Report


@dataclass(frozen=True)
class Line:
    """A tier and the point it means. experts: per layer, `granted` of them fit now, 0 when not even the fewest do.
    parameters: held, dense ones included. memory: bytes; a prompt needs some more.
    """

    tier: str
    experts: int
    parameters: int
    memory: int
    granted: int


@dataclass(frozen=True)
class Budgets:
    """of: experts per layer, 0 in a dense model. limit: bytes that may be used now."""

    model: str
    of: int
    limit: int
    lines: tuple[Line, ...]
    measured: bool


def budgets(report: Report) -> Budgets:
    """Of a report that was made with a limit."""
    assert report.limit is not None
    lines = [
        Line(tier, point.experts, point.parameters, point.memory, _granted(report, point.experts))
        for point in report.points
        for tier in point.tiers
    ]
    lines.sort(key=lambda line: line.tier)
    return Budgets(report.name, report.experts, report.limit, tuple(lines), report.measured is not None)


def _granted(report: Report, experts: int) -> int:
    """The largest point that fits, up to the tier's own."""
    return max((point.experts for point in report.points if point.fits and point.experts <= experts), default=0)


def page(found: Budgets) -> Group:
    """The table under the doctor's lines."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for heading in ("Tier", "Experts per layer", "Parameters", "Memory", "Now"):
        table.add_column(heading, justify="left" if heading in ("Tier", "Now") else "right")
    for line in found.lines:
        table.add_row(
            line.tier,
            f"{line.experts} of {found.of}",
            parameters(line.parameters),
            size(line.memory),
            Text(_now(line), style="green" if line.granted == line.experts else "yellow"),
        )
    title = Text(f"\nBudgets of {found.model}", style="bold")
    return Group(title, table, Text(_about(found), style="dim"))


def _now(line: Line) -> str:
    if line.granted == line.experts:
        return "fits"
    return f"{line.granted} fit" if line.granted else "does not fit"


def _about(found: Budgets) -> str:
    words = f"{size(found.limit)} may be used now. Memory is dense weights and experts; a prompt needs some more. "
    if found.measured:
        return f"{words}Without --budget how hard a request is decides, and what this model was measured to bear."
    return f"{words}Without --budget how hard a request is decides; `cadre calibrate` measures what the model bears."
