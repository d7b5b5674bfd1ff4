"""The words a person adds, one a line: a name as it is spelt, or "heard = written". And what the words said become.

Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.settings import Settings
from engine.messages import SpokenWord, Transcript
from engine.speech import wording

MOST = 200
"""Names told to a recogniser: Whisper takes about as many."""


_OPENING = "([/\u201c\u2018\u00ab"
_CLOSING = ".,;:!?)]\u201d\u2019\u00bb"


@dataclass(frozen=True)
class OwnWords:
    """names: told to the recogniser beforehand. table: replaced afterwards, whatever was heard."""

    names: tuple[str, ...] = ()
    table: dict[str, str] = field(default_factory=dict)


def own_words(text: str) -> OwnWords:
    """A line without anything before its sign is left alone; with nothing behind it the words go."""
    names: dict[str, None] = {}
    table: dict[str, str] = {}
    for line in text.splitlines():
        heard, sign, written = (part.strip() for part in line.partition("="))
        if heard and sign:
            table[heard] = written
        elif heard:
            names[heard] = None
    return OwnWords(tuple(names)[:MOST], table)


def worded(transcript: Transcript, settings: Settings) -> str:
    """As it is inserted."""
    words: tuple[SpokenWord, ...] = transcript.words
    if settings.leave_out_fillers:
        words = wording.without_fillers(words)
    if settings.spoken_signs:
        words = wording.with_signs(words)
    table = own_words(settings.own_words).table
    words = wording.replaced(words, table) if table else words
    return "".join(word.text for word in words).strip()


def joined(before: str, text: str, after: str) -> str:
    """The text with the spaces it needs between what stands before and behind the cursor."""
    opens = not before or before[-1].isspace() or before[-1] in _OPENING
    closes = not after or after[0].isspace() or after[0] in _CLOSING
    glued = text[:1] in _CLOSING or text[:1] == "\n"
    return ("" if opens or glued else " ") + text + ("" if closes or text[-1:].isspace() else " ")
