"""What a day comes to, in one row. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from engine.lab.day.living import Line


def told(lines: Sequence[Line]) -> dict[str, Any]:
    """Figures of a day's requests. read_of_afresh: bytes read, of those of loading each one's resident set afresh."""
    done = [line for line in lines if not line.failed]
    afresh, read = sum(line.afresh for line in done), sum(line.read for line in done)
    return {
        "requests": len(lines),
        "failed": [line.failed for line in lines if line.failed],
        "tokens": sum(line.tokens for line in done),
        "over_the_limit": sum(line.peak > line.limit for line in done),
        "peak": max((line.peak for line in done), default=0),
        "promised": max((line.promised for line in done), default=0),
        "limit": max((line.limit for line in done), default=0),
        "bytes_read": read,
        "bytes_afresh": afresh,
        "read_of_afresh": read / afresh if afresh else None,
        "active_parameters": fmean(line.active for line in done) if done else None,
        "held_parameters": fmean(line.held for line in done) if done else None,
        "residents": fmean(line.residents for line in done) if done else None,
        "coverage": fmean(line.coverage for line in done) if done else None,
        "modes": {mode: sum(line.mode == mode for line in done) for mode in sorted({line.mode for line in done})},
        "kinds": {kind: _kind([line for line in done if line.kind == kind]) for kind in sorted({x.kind for x in done})},
    }


def _kind(lines: Sequence[Line]) -> dict[str, Any]:
    afresh = sum(line.afresh for line in lines)
    return {
        "requests": len(lines),
        "read_of_afresh": sum(line.read for line in lines) / afresh if afresh else None,
        "residents": fmean(line.residents for line in lines),
        "coverage": fmean(line.coverage for line in lines),
    }


def table(report: Mapping[str, Mapping[str, Any]]) -> str:
    """Days beside each other, for people."""
    rows = [("", *report)]
    for name, say in _ROWS.items():
        rows.append((name, *(say(figures) for figures in report.values())))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def _millions(value: float | None) -> str:
    return "" if value is None else f"{value / 1e6:,.2f} M"


_ROWS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "requests": lambda f: str(f["requests"]),
    "failed": lambda f: str(len(f["failed"])),
    "over the limit": lambda f: str(f["over_the_limit"]),
    "most held (sampled)": lambda f: f"{f['peak'] / 1e6:,.0f} MB",
    "limit (largest)": lambda f: f"{f['limit'] / 1e6:,.0f} MB",
    "read": lambda f: f"{f['bytes_read'] / 1e6:,.0f} MB",
    "read, of loading each set afresh": lambda f: "" if f["read_of_afresh"] is None else f"{f['read_of_afresh']:.2f}",
    "experts per layer, mean": lambda f: "" if f["residents"] is None else f"{f['residents']:.1f}",
    "parameters held, mean": lambda f: _millions(f["held_parameters"]),
    "parameters active, mean": lambda f: _millions(f["active_parameters"]),
    "coverage, mean": lambda f: "" if f["coverage"] is None else f"{f['coverage']:.3f}",
    "modes": lambda f: ", ".join(f"{count} {mode}" for mode, count in f["modes"].items()),
}
