"""The report of `cadre eval` as tables. Pure: numbers in, what Rich draws out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from app.numbers import share, size

Row = dict[str, Any]
_LEGEND = (
    "Beside exact: how much higher the NLL is, ± its standard error over documents. Same: where the likeliest token is "
    "exact's. Cover: the weight of the wanted experts that was there. Again: tokens that were taken a second time."
)
_TREATMENTS = {"best resident": "the best resident", "renormalise": "those there", "drop": "nobody"}


def page(report: dict[str, Any]) -> Group:
    machine, protocol, model = report["machine"], report["protocol"], report["model"]
    head = (
        f"{model['name']}: {model['layers']} MoE layers of {model['experts']} experts, a token wants "
        f"{model['experts_per_token']}. {protocol['documents']} documents, {protocol['tokens']} tokens scored after "
        f"prompts of {protocol['prompt_tokens']['mean']:.0f}; {protocol['text']}."
    )
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, mlx {machine['mlx']}"
    parts: list[RenderableType] = [Text(), Text(head), Text(where, style="dim")]
    parts.append(table(report["rows"], report["exact_bytes"]))
    if report["missing"]:
        parts.append(_missing(report["missing"]))
    return Group(*parts, Text(_LEGEND, style="dim"), *(Text(note, style="dim") for note in report["notes"]))


def table(rows: Sequence[Row], exact_bytes: Sequence[Row]) -> Table:
    """Fits into 80 columns."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", padding=(0, 0, 0, 1))
    made.add_column("Resident", no_wrap=True)
    for heading in ("NLL", "Beside exact", "Same", "Cover", "Read/token", "Again"):
        made.add_column(heading, justify="right", no_wrap=True)
    for name, group in groupby([*_exact(rows, exact_bytes), *rows[1:]], key=way):
        made.add_row(Text(name, style="bold"))
        for row in group:
            made.add_row(*_cells(row))
    return made


def _exact(rows: Sequence[Row], exact_bytes: Sequence[Row]) -> list[Row]:
    """Exact at every residency: the answer is the same, the bytes are not."""
    if not rows:
        return []
    fewer = [rows[0] | less for less in exact_bytes if less["experts"] < rows[0]["experts"]]
    return [*fewer, rows[0]]


def way(row: Row) -> str:
    """The name of a row's line in the table and the plot."""
    if row["mode"] == "exact":
        return "exact"
    return "balanced" if row["mode"] == "balanced" else str(row["selector"])


def _cells(row: Row) -> list[str]:
    exact = row["mode"] == "exact"
    return [
        f"  {share(row['residency'])} ({row['experts']})",
        f"{row['nll']:.3f}",
        "" if exact else loss(row),
        share(row["agreement"]),
        f"{row['coverage']:.2f}",
        size(round(row["bytes_per_token"])) if row["bytes_per_token"] else "0",
        f"{100 * row['retaken']:.0f} %" if row["retaken"] else "",
    ]


def loss(row: Row) -> str:
    """How much higher the nll is, with its standard error."""
    error = "" if row["loss_error"] is None else f" ± {100 * row['loss_error']:.1f}"
    return f"{100 * row['loss']:+.1f}{error} %"


def _missing(rows: Sequence[Row]) -> Table:
    """For each residency, what a missing expert's weight should become: the best is bold."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    made.add_column("A missing weight is given to")
    for words in _TREATMENTS.values():
        made.add_column(words, justify="right", no_wrap=True)
    own = [row for row in rows if row["selector"] == "prefill"]
    for residency in sorted({row["residency"] for row in own}):
        here = {row["treatment"]: row for row in own if row["residency"] == residency}
        best = min(here.values(), key=lambda row: float(row["nll"]))
        cells = [
            Text(loss(here[t]), style="bold" if here[t] is best else "") if t in here else Text() for t in _TREATMENTS
        ]
        made.add_row(share(residency), *cells)
    return made
