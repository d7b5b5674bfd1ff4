"""What stands in the list, from what the store holds. Pure but for words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.store.rows import Chat, Folder, Found
from app.window import words
from app.window.words import tr


@dataclass(frozen=True)
class Heading:
    """folder: the one it stands for, None for days and the rest. pinned: it stands over the pinned ones."""

    text: str
    folder: int | None = None
    pinned: bool = False


@dataclass(frozen=True)
class Entry:
    """snippet: of a search, with marks around hits."""

    chat: int
    title: str
    pinned: bool = False
    snippet: str = ""
    message: int | None = None


Row = Heading | Entry


def grouped(chats: Sequence[Chat], folders: Sequence[Folder], today: date) -> list[Row]:
    """Pinned ones, folders by name, then days, newest first."""
    groups: dict[Heading, list[Entry]] = {}
    for chat in chats:
        if chat.pinned:
            groups.setdefault(Heading(tr("Pinned"), pinned=True), []).append(_entry(chat))
    for folder in folders:
        inside = [_entry(chat) for chat in chats if chat.folder == folder.id and not chat.pinned]
        groups[Heading(folder.name, folder.id)] = inside
    for chat in chats:
        if not chat.pinned and chat.folder is None:
            groups.setdefault(Heading(words.day(chat.changed, today)), []).append(_entry(chat))
    rows: list[Row] = []
    for heading, entries in groups.items():
        rows += [heading, *entries]
    return rows


def found(hits: Sequence[Found]) -> list[Row]:
    if not hits:
        return [Heading(tr("Nothing found"))]
    entries = [Entry(hit.chat, hit.title or tr("New chat"), snippet=hit.snippet, message=hit.message) for hit in hits]
    return [Heading(tr("Found")), *entries]


def _entry(chat: Chat) -> Entry:
    return Entry(chat.id, chat.title or tr("New chat"), chat.pinned)
