"""What becomes of words before a person reads them: fillers out, "comma" to a comma, names as they are spelt. Pure.

Works on words with their times, so that captions stay right. English fillers and signs; other languages pass unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.messages import SpokenWord

Words = tuple[SpokenWord, ...]

FILLERS = {"um", "umm", "uh", "uhh", "uhm", "er", "erm", "hmm", "mm", "mhm", "ah"}
_SIGNS: dict[tuple[str, ...], str] = {
    ("comma",): ",",
    ("period",): ".",
    ("full", "stop"): ".",
    ("question", "mark"): "?",
    ("exclamation", "mark"): "!",
    ("exclamation", "point"): "!",
    ("colon",): ":",
    ("semicolon",): ";",
    ("new", "line"): "\n",
    ("new", "paragraph"): "\n\n",
    ("open", "quote"): "\u201c",
    ("close", "quote"): "\u201d",
    ("open", "bracket"): "(",
    ("close", "bracket"): ")",
    ("dash",): " \u2013",
}
_OPENING = {"\u201c", "("}
_ENDS = (".", "?", "!", "\n")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")  # GitHub
_EDGES = re.compile(r"^\W+|\W+$")


def without_fillers(words: Sequence[SpokenWord]) -> Words:
    """Without um, uh and the like. A mark at one that ends a sentence goes to the word before."""
    kept: list[SpokenWord] = []
    for word in words:
        if _key(word.text) not in FILLERS:
            kept.append(word)
        elif kept and word.text.strip()[-1] in ".?!" and kept[-1].text[-1] not in ".?!":
            kept[-1] = replace(kept[-1], text=kept[-1].text.rstrip(",;:") + word.text.strip()[-1])
    return tuple(kept)


def with_signs(words: Sequence[SpokenWord]) -> Words:
    """Spoken signs as signs, attached to the word they belong to; the word after a full stop or new line is capital."""
    made: list[SpokenWord] = []
    at = 0
    while at < len(words):
        sign, length = _sign(words, at)
        if sign is None:
            made.append(_following(made, words[at]))
        elif sign in _OPENING or not made:
            made.append(
                replace(words[at], text=" " + sign if sign in _OPENING else sign, end=words[at + length - 1].end)
            )
        else:
            bare = made[-1].text.rstrip(",.") if sign.strip() else made[-1].text  # a recogniser may have set its own
            made[-1] = replace(made[-1], text=(bare or made[-1].text) + sign, end=words[at + length - 1].end)
        at += length
    return tuple(made)


def replaced(words: Sequence[SpokenWord], table: Mapping[str, str]) -> Words:
    """What was heard, of one word or several, as it should be written. The longest entry that fits goes first.

    Case does not matter in what was heard, and a mark after it stays.
    """
    entries = sorted(
        ((tuple(map(_key, heard.split())), written) for heard, written in table.items()),
        reverse=True,
        key=lambda entry: len(entry[0]),
    )
    made: list[SpokenWord] = []
    at = 0
    while at < len(words):
        length, text = _entry(words, at, entries)
        if text is None:
            made.append(words[at])
        elif text:
            made.append(replace(words[at], text=text, end=words[at + length - 1].end))
        at += length
    return tuple(made)


def spelt(words: Sequence[SpokenWord], names: Iterable[str]) -> Words:
    """Custom words as the person writes them: in their case, and in one where they were heard in two ("git hub")."""
    table: dict[str, str] = {}
    for name in names:
        table[name] = name
        halves = _HUMP.sub(" ", name)
        if " " in halves and " " not in name:
            table[halves] = name
    return replaced(words, table)


def _sign(words: Sequence[SpokenWord], at: int) -> tuple[str | None, int]:
    for length in (2, 1):
        heard = tuple(_key(word.text) for word in words[at : at + length])
        if len(heard) == length and heard in _SIGNS:
            return _SIGNS[heard], length
    return None, 1


def _following(made: list[SpokenWord], word: SpokenWord) -> SpokenWord:
    if not made:
        return word
    before = made[-1].text
    text = word.text
    if before.endswith((*_OPENING, "\n")):
        text = text.lstrip()
    if before.endswith(_ENDS):
        start = len(text) - len(text.lstrip())
        text = text[:start] + text[start : start + 1].upper() + text[start + 1 :]
    return replace(word, text=text)


def _entry(
    words: Sequence[SpokenWord], at: int, entries: Sequence[tuple[tuple[str, ...], str]]
) -> tuple[int, str | None]:
    for heard, written in entries:
        length = len(heard)
        part = words[at : at + length]
        if length and all(heard) and tuple(_key(word.text) for word in part) == heard:
            space = part[0].text[: len(part[0].text) - len(part[0].text.lstrip())]
            mark = re.search(r"[^\w\s]*$", part[-1].text)
            return length, f"{space}{written}{mark.group() if mark else ''}" if written else ""
    return 1, None


def _key(text: str) -> str:
    return _EDGES.sub("", text.casefold())
