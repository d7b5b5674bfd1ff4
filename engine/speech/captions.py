"""Words with times as text: paragraphs, SubRip (srt), WebVTT (vtt). Pure; knows no recogniser and writes no file.

A caption ends at a pause, at the end of a sentence, or where it gets too long to be read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from engine.messages import SpokenWord

_PAUSE = 0.8
_PARAGRAPH = 2.0
_LETTERS = 84  # two lines of the usual 42
_SECONDS = 6.0
_ENDS = (".", "!", "?", "…", "\u3002", "\uff01", "\uff1f")  # the last three: of Chinese and Japanese
_LEAST = 3  # words before a full stop ends a caption: "Dr." alone is none


@dataclass(frozen=True)
class Caption:
    """Seconds. text: without spaces around it."""

    text: str
    start: float
    end: float


def captions(words: Iterable[SpokenWord]) -> Iterator[Caption]:
    """In order, without overlap; every word is in exactly one."""
    line: list[SpokenWord] = []
    for word in words:
        if line and _is_full(line, word):
            yield _caption(line)
            line = []
        line.append(word)
    if line:
        yield _caption(line)


def text(words: Sequence[SpokenWord]) -> str:
    """A paragraph for every long pause."""
    paragraphs: list[list[SpokenWord]] = []
    for before, word in zip([None, *words], words, strict=False):
        if before is None or word.start - before.end >= _PARAGRAPH:
            paragraphs.append([])
        paragraphs[-1].append(word)
    return "".join(_joined(paragraph) + "\n" for paragraph in paragraphs)


def srt(words: Iterable[SpokenWord]) -> str:
    blocks = (
        f"{number}\n{_clock(one.start, ',')} --> {_clock(one.end, ',')}\n{one.text}\n"
        for number, one in enumerate(captions(words), 1)
    )
    return "\n".join(blocks)


def vtt(words: Iterable[SpokenWord]) -> str:
    blocks = (
        f"\n{_clock(one.start, '.')} --> {_clock(one.end, '.')}\n{_escaped(one.text)}\n" for one in captions(words)
    )
    return "WEBVTT\n" + "".join(blocks)


def _is_full(line: list[SpokenWord], following: SpokenWord) -> bool:
    last = line[-1]
    return (
        following.start - last.end >= _PAUSE
        or (len(line) >= _LEAST and last.text.endswith(_ENDS))
        or len(_joined(line)) + len(following.text) > _LETTERS
        or following.end - line[0].start > _SECONDS
    )


def _caption(line: list[SpokenWord]) -> Caption:
    return Caption(_joined(line), line[0].start, max(word.end for word in line))


def _joined(words: Iterable[SpokenWord]) -> str:
    return " ".join("".join(word.text for word in words).split())


def _escaped(said: str) -> str:
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, mark: str) -> str:
    whole = round(max(0.0, seconds) * 1000)
    minutes, milliseconds = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}{mark}{milliseconds % 1000:03}"
