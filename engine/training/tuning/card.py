"""The tuned model's card: from what, on what, how, and what it is worth. Words only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = """---
library_name: mlx
---
# {name}

{base}, its routers and dense linear layers tuned with Cadre so that a small set of experts, chosen once per prompt and
kept, serves it well. The experts are {base}'s own, byte for byte.

{steps} steps of {sequences} sequences, {tokens} tokens in all, of a text of {text_tokens} tokens; {experts} of {all}
experts per layer, half and twice as many. Made with

    {command}

On {documents} held-out documents of the same text, nats per token:

| | before | after |
| --- | --- | --- |
"""


def card(report: Mapping[str, Any]) -> str:
    before, after = report["before"], report["after"]
    rows = [("all experts (exact)", before["exact"], after["exact"])]
    names = {"prefill": "the prompt's choice", "predictor": "the predictor's choice"}
    for key, words in names.items():
        if key in after:
            then = before.get(key, before["prefill"])["nll"] if key in before else None
            rows.append((f"{report['experts']} of {report['all']} kept, {words}", then, after[key]["nll"]))
    table = "".join(f"| {words} | {_number(then)} | {_number(now)} |\n" for words, then, now in rows)
    return _HEAD.format(**report) + table + _won(report)


def _won(report: Mapping[str, Any]) -> str:
    share = report["won_back"]
    said = "Freezing lost next to nothing before."
    if share is not None:
        said = f"{share:.0%} of what freezing had lost is won back, beside exact as it was before."
    notes = "".join(f"\n{note}\n" for note in report["notes"])
    return f"\n{said} On other texts the figures differ.\n{notes}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
