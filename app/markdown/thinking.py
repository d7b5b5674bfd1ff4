"""Parts what a model thought from what it answered, while both still grow. Pure."""

from __future__ import annotations

from dataclasses import dataclass

OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True)
class Parts:
    """going_on: it has not begun to answer."""

    thinking: str
    answer: str
    going_on: bool


def parted(text: str) -> Parts:
    """Thinking stands at the very beginning, between marks; some models are given the first mark with the prompt."""
    begun = text.lstrip()
    if begun.startswith(OPEN):
        thinking, end, answer = begun[len(OPEN) :].partition(CLOSE)
        if not end:
            return Parts(_without_partial(thinking).strip(), "", going_on=True)
        return Parts(thinking.strip(), answer.lstrip(), going_on=False)
    if begun and OPEN.startswith(begun):
        return Parts("", "", going_on=True)
    thinking, end, answer = text.partition(CLOSE)
    return Parts(thinking.strip(), answer.lstrip(), going_on=False) if end else Parts("", text, going_on=False)


def _without_partial(text: str) -> str:
    """Without the first letters of the closing mark at the end."""
    for length in range(min(len(CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(CLOSE[:length]):
            return text[:-length]
    return text
