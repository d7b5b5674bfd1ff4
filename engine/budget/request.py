"""What the budget may know of a request: its words, what came with it, where it was made, what was said before.

Pure values; knows neither the model nor the machine.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from engine.messages import Attachment, Priority, Turn


class UseCase(StrEnum):
    """What a request is for. The value is what people read and what stands in the settings file."""

    DICTATION = "dictation clean-up"
    QUICK_PROMPT = "quick prompt"
    SMALL_TALK = "small talk"
    COMMAND = "command"
    QUESTION = "question"
    WRITING = "writing"
    CODE = "code"
    MATHEMATICS = "mathematics"
    REASONING = "reasoning"
    LONG_DOCUMENT = "long document"
    IMAGE = "image"
    AUDIO = "audio"


class Entry(StrEnum):
    """Where the request was made."""

    CHAT = "chat"
    QUICK_PROMPT = "quick prompt"
    DICTATION = "dictation"


_ENTRY_OF = {
    Priority.CHAT: Entry.CHAT,
    Priority.QUICK_PROMPT: Entry.QUICK_PROMPT,
    Priority.DICTATION: Entry.DICTATION,
}


@dataclass(frozen=True)
class Request:
    """text: the last thing the person said. earlier: what they said before it, oldest first."""

    text: str
    earlier: tuple[str, ...] = ()
    entry: Entry = Entry.CHAT
    attachments: tuple[Attachment, ...] = ()


def from_turns(turns: Iterable[Turn], priority: Priority, attachments: tuple[Attachment, ...] = ()) -> Request:
    """Only what the person said counts: a system prompt is the same for every request and says nothing of this one."""
    said = [turn.content for turn in turns if turn.role == "user"]
    return Request(said[-1] if said else "", tuple(said[:-1]), _ENTRY_OF[priority], attachments)
