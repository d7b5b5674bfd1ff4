"""Chats as files: Markdown to read, JSON to keep and to bring back.

The JSON holds every branch. `import_json` takes only what `export_json` writes, of this version or an older one.
"""

from __future__ import annotations

import base64
import codecs
import json
import re
import sqlite3
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from app.attachments.file import File, Kind
from app.attachments.picture import LONGEST_SIDE, MOST_PART
from app.attachments.sides import sides
from app.markdown.thinking import parted
from app.store.chats import Chats, settings_from
from app.store.database import together
from app.store.files import Files, add
from app.store.rows import Chat, Json, Message, Role, State
from app.store.tree import Tree
from engine.errors import KnownError

FORMAT = "cadre-chats"
VERSION = 3
_CHOOSE_OURS = "Choose a file that Cadre exported."
_HEAD = re.compile(rb'\s*\{\s*"format"\s*:\s*"cadre-chats"')
_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
_LONGEST_TITLE = 200


def is_export(head: bytes) -> bool:
    """Whether a file that begins so is one of ours."""
    return _HEAD.match(head.removeprefix(codecs.BOM_UTF8)) is not None


class Transfer:
    def __init__(self, connection: sqlite3.Connection, chats: Chats, tree: Tree, files: Files) -> None:
        self._db = connection
        self._chats = chats
        self._tree = tree
        self._files = files

    def export_markdown(self, chat: int) -> str:
        """The shown branch, as one reads it: without what a model only thought."""
        about = self._chats.get(chat)
        started = datetime.fromtimestamp(about.created).astimezone().strftime("%Y-%m-%d %H:%M")
        parts = [f"# {about.title or 'Chat'}", f"*{started}*"]
        for placed in self._tree.path(chat):
            who = "You" if placed.message.role is Role.USER else "Cadre"
            names = "".join(f"*{file.name}*\n\n" for file in placed.message.attached)
            parts.append(f"## {who}\n\n{names}{_written(placed.message)}".rstrip())
        return "\n\n".join(parts) + "\n"

    def export_json(self, chats: list[int]) -> str:
        folders = {folder.id: folder.name for folder in self._chats.folders()}
        exported = [self._exported(self._chats.get(chat), folders) for chat in chats]
        whole = {"format": FORMAT, "version": VERSION, "chats": exported}
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"

    def import_json(self, text: str) -> list[int]:
        """The ids of the chats that were added: all of the file's, or none.

        Raises:
            KnownError: it is no such file, or of a newer Cadre.
        """
        whole = _parsed(text)
        try:
            with together(self._db):
                return [self._bring_in(given) for given in whole["chats"]]
        except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, sqlite3.Error) as error:
            raise KnownError("The file is damaged; nothing was imported.", _CHOOSE_OURS) from error

    def _exported(self, chat: Chat, folders: dict[int, str]) -> Json:
        return {
            "title": chat.title,
            "named": chat.named,
            "pinned": chat.pinned,
            "folder": folders.get(chat.folder) if chat.folder else None,
            "created": chat.created,
            "changed": chat.changed,
            "settings": asdict(chat.settings),
            "leaf": chat.leaf,
            "messages": [self._exported_message(message) for message in self._tree.all(chat.id)],
        }

    def _exported_message(self, message: Message) -> Json:
        values = asdict(message)
        del values["chat"], values["attached"]
        if message.attached:
            values["files"] = [_exported_file(file) for file in self._files.of(message.id)]
        return values

    def _bring_in(self, given: Json) -> int:
        added = self._db.execute(
            "INSERT INTO chats(title, named, pinned, folder, created, changed, settings) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                " ".join(str(given["title"]).split())[:_LONGEST_TITLE],
                int(bool(given["named"])),
                int(bool(given["pinned"])),
                self._folder(given["folder"]),
                _moment(given["created"]),
                _moment(given["changed"]),
                json.dumps(asdict(settings_from(given["settings"]))),
            ),
        )
        chat = added.lastrowid
        assert chat is not None
        ids: dict[Any, int | None] = {None: None}
        for message in given["messages"]:
            ids[message["id"]] = self._bring_in_message(chat, ids[message["parent"]], message)
        self._db.execute("UPDATE chats SET leaf = ? WHERE id = ?", (ids[given["leaf"]], chat))
        return chat

    def _bring_in_message(self, chat: int, parent: int | None, given: Json) -> int | None:
        state = State(given["state"])
        added = self._db.execute(
            "INSERT INTO messages(chat, parent, role, text, state, created, record, failure) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                chat,
                parent,
                Role(given["role"]),
                str(given["text"]),
                State.STOPPED if state is State.WRITING else state,
                _moment(given["created"]),
                json.dumps(dict(given["record"])) if given["record"] else None,
                json.dumps(_failure(given["failure"])) if given["failure"] else None,
            ),
        ).lastrowid
        add(self._db, [_brought(file) for file in given.get("files", ())], message=added)
        return added

    def _folder(self, name: str | None) -> int | None:
        if not name:
            return None
        same = next((folder.id for folder in self._chats.folders() if folder.name == name), None)
        return same or self._chats.add_folder(name).id


def _written(message: Message) -> str:
    said = [message.text.strip() if message.role is Role.USER else parted(message.text).answer.strip()]
    if message.failure is not None:
        said.append(f"*{message.failure['sentence']} {message.failure['next_step']}*")
    elif message.state is State.STOPPED:
        said.append("*Stopped.*")
    return "\n\n".join(filter(None, said))


def _moment(given: Any) -> float:
    """Raises ValueError: no calendar has it, and no list could show it."""
    when = float(given)
    if not 0 <= when < _LATEST:
        raise ValueError("no time of ours")
    return when


def _failure(given: Json) -> Json:
    return {"known": bool(given["known"]), **{name: str(given[name]) for name in ("sentence", "next_step")}}


def _exported_file(file: File) -> Json:
    """Pictures as base64."""
    values = asdict(file)
    values["parts"] = [base64.b64encode(part).decode() for part in file.parts]
    values["thumbnail"] = base64.b64encode(file.thumbnail).decode()
    return values


def _brought(given: Json) -> File:
    """Raises ValueError: what should be a picture is none, or larger than any that Cadre writes."""
    part = _sound if given["kind"] == Kind.SOUND else _picture
    parts = tuple(map(part, given.get("parts", ())))
    thumbnail = _picture(given["thumbnail"]) if given.get("thumbnail") else b""
    return File(
        str(given["name"]), Kind(given["kind"]), int(given["bytes"]), str(given["text"]), parts, thumbnail,
        int(given.get("pages", 0)),
    )  # fmt: skip


def _picture(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if len(data) > MOST_PART or max(sides(data) or (LONGEST_SIDE + 1,)) > LONGEST_SIDE:
        raise ValueError("no picture of ours")
    return data


def _sound(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if len(data) > MOST_PART or not data.startswith(b"fLaC"):
        raise ValueError("no sound of ours")
    return data


def _parsed(text: str) -> Json:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KnownError("The file is not JSON.", _CHOOSE_OURS) from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise KnownError("The file holds no chats of Cadre.", _CHOOSE_OURS)
    if not isinstance(whole.get("version"), int) or whole["version"] > VERSION:
        raise KnownError("The file was written by a newer Cadre.", "Update Cadre to read it.")
    return whole
