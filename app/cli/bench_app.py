"""`cadre bench --part app` and `voice` on a terminal: each figure beside its goal. Shows a report, measures nothing."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.numbers import size

FIGURES = ("start", "stall", "search", "open", "open_many", "map_frame", "monitor")


VOICE = ("release", "wait", "capture", "cycles")


def page(report: dict[str, Any]) -> Group:
    return _page(report, FIGURES, _asides(report))


def voice_page(report: dict[str, Any]) -> Group:
    grown = report["cycles"]["memory_grown"]
    asides = [
        f"The recogniser was opened in {_value(report['wait']['first'], 's')}, once; waits are those after.",
        f"Over all cycles memory grew by {size(max(0, grown))}.",
        "Devices and paste are fakes; the key's release has no engine in it.",
    ]
    return _page(report, VOICE, asides)


def _page(report: dict[str, Any], figures: tuple[str, ...], asides: list[str]) -> Group:
    machine = report["machine"]
    words = (
        f"{machine['cpu']}, {machine['cores']} cores, {size(machine['memory'])} memory, {machine['os']}, "
        f"Qt {machine['qt']} ({machine['platform']}), load {machine['load']:.1f}"
    )
    notes = [Text(note, style="dim") for note in [*asides, *report["notes"]]]
    return Group(Text(), Text(words), _table(report, figures), *notes)


def _table(report: dict[str, Any], figures: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    table.add_column("")
    for heading in ("Median", "p95", "Worst", "Goal"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for name in figures:
        figure = report[name]
        values = [_value(figure[key], figure["unit"]) for key in ("median", "p95", "worst")]
        goal = f"{figure['judged']} ≤ {_value(figure['goal'], figure['unit'])}"
        table.add_row(figure["what"], *values, goal, Text("kept" if figure["kept"] else "missed"))
    return table


def _value(value: float, unit: str) -> str:
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "count":
        return f"{value:,.0f}"
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.3g} ms"


def _asides(report: dict[str, Any]) -> list[str]:
    """What the figures alone do not tell."""
    mlx = "MLX was imported" if report["start"]["mlx_imported"] else "MLX was not imported"
    worst = {act: seconds for act, seconds in report["stall"]["worst_of"].items() if seconds is not None}
    share = report["monitor"]["processor_share"]
    return [
        f"{mlx} when the window stood; {report['start']['modules']:,} modules were.",
        "Longest pause " + ", ".join(f"{act} {_value(seconds, 's')}" for act, seconds in worst.items()) + "; "
        f"the most that the interface itself worked in one turn {_value(report['stall']['worst_busy'], 's')}.",
        f"The monitor took {100 * share:.1f} % of one processor more.",
    ]
