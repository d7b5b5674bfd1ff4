"""The report of `cadre eval` as one SVG: NLL against residency, and against what is read per token. Pure text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from app.cli.eval_page import way

Row = dict[str, Any]
Point = tuple[float, float]

WIDTH, HEIGHT = 1080, 460
_LEFT, _TOP, _PANEL, _TALL, _GAP = 64, 56, 350, 330, 70
_LEGEND = _LEFT + 2 * _PANEL + _GAP + 24
_STYLE = "font-family='-apple-system, Helvetica, Arial, sans-serif' font-size='12'"
_COLOURS = {
    "exact": "#222222",
    "balanced": "#0a7d32",
    "prefill": "#1f6fd6",
    "prefill+reselection": "#6fb1ff",
    "predictor": "#c2410c",
    "predictor+reselection": "#fb923c",
    "profile": "#7c3aed",
    "random": "#9ca3af",
    "lru": "#b91c6b",
    "lru-rationed": "#f472b6",
}
_OTHER = "#666666"


@dataclass(frozen=True)
class _Axis:
    """From values to places along one side of a panel."""

    low: float
    high: float
    start: float
    length: float
    percent: bool = False

    def at(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * self.length

    def ticks(self) -> list[tuple[float, str]]:
        """About five round values, and how they are written."""
        rough = (self.high - self.low) / 5
        unit = 10 ** math.floor(math.log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        values = [n * step for n in range(first, math.floor(self.high / step + 1e-9) + 1)]
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        return [(value, f"{value:.0%}" if self.percent else f"{value:.{decimals}f}") for value in values]


def plot(report: dict[str, Any]) -> str:
    """The SVG document."""
    rows = report["rows"]
    lines = {name: list(group) for name, group in groupby(rows[1:], key=way)}
    exact = [
        rows[0] | {"bytes_per_token": e["bytes_per_token"], "residency": e["residency"]} for e in report["exact_bytes"]
    ]
    lines = {"exact": exact or [rows[0]], **lines}
    nll = _vertical([row["nll"] for row in rows])
    share = _Axis(0, 1, _LEFT, _PANEL, percent=True)
    most = max((row["bytes_per_token"] for group in lines.values() for row in group), default=0.0) / 1e6
    read = _Axis(0, max(most, 1e-3) * 1.05, _LEFT + _PANEL + _GAP, _PANEL)
    return "\n".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' {_STYLE}>",
            f"<rect width='{WIDTH}' height='{HEIGHT}' fill='white'/>",
            _text(_LEFT, 26, _title(report), size=14),
            *_panel(share, nll, "share of the routed experts resident"),
            *_panel(read, nll, "MB read per token"),
            *[_line(n, [(share.at(r["residency"]), nll.at(r["nll"])) for r in group]) for n, group in lines.items()],
            *[_line(n, [(read.at(r["bytes_per_token"] / 1e6), nll.at(r["nll"])) for r in g]) for n, g in lines.items()],
            *_legend(list(lines)),
            "</svg>",
            "",
        ]
    )


def _vertical(values: Sequence[float]) -> _Axis:
    low, high = min(values), max(values)
    room = max((high - low) * 0.06, 1e-3)
    return _Axis(low - room, high + room, _TOP + _TALL, -_TALL)


def _title(report: dict[str, Any]) -> str:
    protocol = report["protocol"]
    return f"{report['model']['name']}: nats per token, {protocol['documents']} documents, {protocol['tokens']} tokens"


def _panel(x: _Axis, y: _Axis, label: str) -> list[str]:
    bottom, right = _TOP + _TALL, x.start + x.length
    parts = [f"<rect x='{x.start}' y='{_TOP}' width='{x.length}' height='{_TALL}' fill='none' stroke='#bbb'/>"]
    for value, words in y.ticks():
        at = y.at(value)
        parts.append(f"<line x1='{x.start}' x2='{right}' y1='{at:.1f}' y2='{at:.1f}' stroke='#eee'/>")
        parts.append(_text(x.start - 8, at + 4, words, anchor="end"))
    parts += [_text(x.at(value), bottom + 18, words, anchor="middle") for value, words in x.ticks()]
    return [*parts, _text(x.start + x.length / 2, bottom + 42, label, anchor="middle")]


def _line(name: str, points: Sequence[Point]) -> str:
    colour = _COLOURS.get(name, _OTHER)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'/>" for x, y in points)
    return f"<g fill='{colour}'><polyline points='{path}' fill='none' stroke='{colour}' stroke-width='1.8'/>{dots}</g>"


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for number, name in enumerate(names):
        at = _TOP + 14 + 22 * number
        parts.append(f"<circle cx='{_LEGEND}' cy='{at - 4}' r='5' fill='{_COLOURS.get(name, _OTHER)}'/>")
        parts.append(_text(_LEGEND + 12, at, name))
    return parts


def _text(x: float, y: float, words: str, anchor: str = "start", size: int = 12) -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' font-size='{size}' fill='#333'>{escape(words)}</text>"
