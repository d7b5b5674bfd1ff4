"""The record of an answer: as the JSON object that scripts rely on, and as one line for people. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.numbers import size
from engine.messages import Mode, Record


def as_json(record: Record) -> dict[str, Any]:
    """Scripts rely on these keys: more may be added, none go away."""
    return {
        "text": record.text,
        "finish": record.finish,
        "model": record.model,
        "mode": str(record.mode),
        "difficulty": record.difficulty,
        "budget": record.budget,
        "tokens": record.tokens,
        "experts": record.experts,
        "seconds": record.seconds,
        "tokens_per_second": record.tokens_per_second,
        "memory": asdict(record.memory),
        "selection": [list(ids) for ids in record.selection],
        "notes": list(record.notes),
    }


def in_words(record: Record) -> str:
    """Such as "38 of 128 experts per layer, 2.1 GB read, 97 % of what the model asked for, 31 tokens/s"."""
    parts = [_experts(record), _speed(record)]
    if record.finish == "cancelled":
        parts.insert(0, "stopped")
    elif record.finish == "length":
        parts.insert(0, f"cut at {record.tokens['generated']} tokens")
    return ", ".join(filter(None, parts))


def percent(share: float) -> str:
    """Whole per cents, but never 100 % when something was missing, nor 0 % when something was there."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return "over 99 %"
    return "under 1 %" if whole == 0 and share > 0 else f"{whole} %"


def tokens_per_second(speed: float) -> str:
    return f"{speed:.0f} tokens/s" if speed >= 9.95 else f"{speed:.1f} tokens/s"


def _experts(record: Record) -> str:
    experts = record.experts
    if not experts["total"]:
        return "all of the model used"
    words = f"{experts['resident_per_layer']} of {experts['total']} experts per layer, {_read(record)}"
    return (
        f"{words}, {percent(experts['coverage'])} of what the model asked for" if record.tokens["generated"] else words
    )


def _read(record: Record) -> str:
    read = record.experts["bytes_read"]
    if not read:
        return "nothing had to be read"
    waited = record.seconds["select"]
    all_before = record.mode is not Mode.EXACT and not record.experts["reselections"] + record.experts["replays"]
    return f"{size(read)} read" + (f" with {waited:.1f} s of waiting" if all_before and waited >= 0.05 else "")


def _speed(record: Record) -> str:
    return tokens_per_second(record.tokens_per_second) if record.tokens_per_second else ""
