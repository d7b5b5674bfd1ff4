"""What the store holds, as values. Times are seconds since 1970. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.attachments.file import Kind

Json = dict[str, Any]


class Role(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class State(StrEnum):
    """How a message came to be as it is. WRITING at the start of the app means: cut off by a crash."""

    WRITING = "writing"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Settings:
    """What a chat is asked with. model "": whatever the app's present one is."""

    model: str = ""
    system: str = ""
    temperature: float = 0.0
    mode: str = "auto"
    budget: str = "auto"
    max_tokens: int = 4096


@dataclass(frozen=True)
class Folder:
    id: int
    name: str


@dataclass(frozen=True)
class Chat:
    """leaf: the last message of the branch that is shown. named: the person chose the title."""

    id: int
    title: str
    created: float
    changed: float
    named: bool = False
    pinned: bool = False
    folder: int | None = None
    leaf: int | None = None
    draft: str = ""
    settings: Settings = field(default=Settings())


@dataclass(frozen=True)
class Attached:
    """A file that a message came with, but for its contents, which `Files` has. bytes: on disk.

    parts: what a model is shown or hears of it; pages: those of a PDF that is shown so, drawn or not.
    """

    name: str
    kind: str
    bytes: int
    characters: int
    parts: int = 0
    pages: int = 0

    @property
    def is_heard(self) -> bool:
        return self.kind == Kind.SOUND

    @property
    def is_seen(self) -> bool:
        return bool(self.parts) and not self.is_heard


@dataclass(frozen=True)
class Message:
    """A node of a chat's tree. record: of the answer, without its text. failure: sentence and next step."""

    id: int
    chat: int
    parent: int | None
    role: Role
    text: str
    state: State
    created: float
    record: Json | None = None
    failure: Json | None = None
    attached: tuple[Attached, ...] = ()


@dataclass(frozen=True)
class Placed:
    """A message on the shown branch, and the ids of those that could stand in its place, itself among them."""

    message: Message
    siblings: tuple[int, ...]

    @property
    def number(self) -> int:
        """Which of the siblings it is, from 1."""
        return self.siblings.index(self.message.id) + 1


@dataclass(frozen=True)
class Found:
    """A chat that holds what was searched for. snippet: around it, hits between MARK_ON and MARK_OFF."""

    chat: int
    title: str
    changed: float
    message: int | None
    snippet: str


MARK_ON, MARK_OFF = "\x02", "\x03"
