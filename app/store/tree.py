"""What is said in a chat: a tree of messages, of which one branch is shown. Written as it streams.

Editing and answering again add siblings; nothing a person or a model wrote is ever overwritten.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Sequence

from app.attachments.file import File
from app.store import files as kept_files
from app.store.database import together
from app.store.rows import Attached, Json, Message, Placed, Role, State


class Tree:
    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], float] = time.time) -> None:
        self._db = connection
        self._clock = clock

    # --- reading ------------------------------------------------------------------------------------------

    def get(self, message: int) -> Message:
        """Raises KeyError: no such message, or it is deleted."""
        row = self._db.execute("SELECT * FROM messages WHERE id = ? AND NOT deleted", (message,)).fetchone()
        if row is None:
            raise KeyError(message)
        return _message(row, kept_files.attached(self._db, row["chat"]).get(message, ()))

    def path(self, chat: int) -> list[Placed]:
        """The shown branch, first message first."""
        row = self._db.execute("SELECT leaf FROM chats WHERE id = ?", (chat,)).fetchone()
        nodes, children = self._nodes(chat)
        at = row["leaf"] if row and row["leaf"] in nodes else _newest_leaf(None, children)
        path: list[Placed] = []
        while at is not None:
            message = nodes[at]
            path.append(Placed(message, tuple(children[message.parent])))
            at = message.parent
        return path[::-1]

    def siblings(self, message: int) -> list[int]:
        node = self.get(message)
        rows = self._db.execute(
            "SELECT id FROM messages WHERE chat = ? AND parent IS ? AND NOT deleted ORDER BY id",
            (node.chat, node.parent),
        )
        return [row["id"] for row in rows]

    def count(self, chat: int) -> int:
        row = self._db.execute("SELECT count(*) AS n FROM messages WHERE chat = ? AND NOT deleted", (chat,)).fetchone()
        return int(row["n"])

    def all(self, chat: int) -> list[Message]:
        """Every branch; parents before children."""
        return list(self._nodes(chat)[0].values())

    def _nodes(self, chat: int) -> tuple[dict[int, Message], dict[int | None, list[int]]]:
        """The messages that can be reached, by id, and the children of each, oldest first."""
        nodes: dict[int, Message] = {}
        children: dict[int | None, list[int]] = {None: []}
        attached = kept_files.attached(self._db, chat)
        for row in self._db.execute("SELECT * FROM messages WHERE chat = ? AND NOT deleted ORDER BY id", (chat,)):
            if row["parent"] is None or row["parent"] in nodes:  # else below something deleted
                message = nodes[row["id"]] = _message(row, attached.get(row["id"], ()))
                children.setdefault(message.parent, []).append(message.id)
                children.setdefault(message.id, [])
        return nodes, children

    # --- writing ------------------------------------------------------------------------------------------

    def say(self, chat: int, parent: int | None, text: str, files: Sequence[File] = ()) -> Message:
        """What the person says, with the files that go along; it becomes the end of the shown branch."""
        return self._add(chat, parent, Role.USER, text, State.DONE, files)

    def begin_answer(self, chat: int, parent: int) -> Message:
        return self._add(chat, parent, Role.ASSISTANT, "", State.WRITING)

    def write(self, message: int, text: str) -> None:
        """The answer so far."""
        self._db.execute("UPDATE messages SET text = ? WHERE id = ? AND state = 'writing'", (text, message))

    def finish(
        self, message: int, text: str, state: State, record: Json | None = None, failure: Json | None = None
    ) -> None:
        self._db.execute(
            "UPDATE messages SET text = ?, state = ?, record = ?, failure = ? WHERE id = ?",
            (text, state, _dumped(record), _dumped(failure), message),
        )

    def recover(self) -> int:
        """At the start: answers that a crash cut off keep what was written of them. How many there were."""
        return self._db.execute("UPDATE messages SET state = 'stopped' WHERE state = 'writing'").rowcount

    def _add(
        self, chat: int, parent: int | None, role: Role, text: str, state: State, files: Sequence[File] = ()
    ) -> Message:
        with together(self._db):
            now = self._clock()
            added = self._db.execute(
                "INSERT INTO messages(chat, parent, role, text, state, created) VALUES (?, ?, ?, ?, ?, ?)",
                (chat, parent, role, text, state, now),
            )
            self._db.execute("UPDATE chats SET leaf = ?, changed = ? WHERE id = ?", (added.lastrowid, now, chat))
            kept_files.add(self._db, files, message=added.lastrowid)
        assert added.lastrowid is not None
        came = tuple(map(kept_files.described, files))
        return Message(added.lastrowid, chat, parent, role, text, state, now, attached=came)

    # --- branches -----------------------------------------------------------------------------------------

    def show(self, message: int) -> None:
        """The branch through this message, down to what was last said on it."""
        node = self.get(message)
        _, children = self._nodes(node.chat)
        leaf = _newest_leaf(message, children)
        self._db.execute("UPDATE chats SET leaf = ? WHERE id = ?", (leaf, node.chat))

    def delete(self, message: int) -> None:
        """The message and all below it, until `restore`; a sibling is shown instead, or what came before."""
        node = self.get(message)
        self._db.execute("UPDATE messages SET deleted = 1 WHERE id = ?", (message,))
        _, children = self._nodes(node.chat)
        left = children.get(node.parent, [])
        leaf = _newest_leaf(left[-1], children) if left else node.parent
        self._db.execute("UPDATE chats SET leaf = ? WHERE id = ?", (leaf, node.chat))

    def restore(self, message: int) -> None:
        self._db.execute("UPDATE messages SET deleted = 0 WHERE id = ?", (message,))
        self.show(message)


def _newest_leaf(at: int | None, children: dict[int | None, list[int]]) -> int | None:
    while below := children.get(at):
        at = below[-1]
    return at


def _dumped(value: Json | None) -> str | None:
    return None if value is None else json.dumps(value)


def _message(row: sqlite3.Row, attached: tuple[Attached, ...]) -> Message:
    return Message(
        id=row["id"],
        chat=row["chat"],
        parent=row["parent"],
        role=Role(row["role"]),
        text=row["text"],
        state=State(row["state"]),
        created=row["created"],
        record=json.loads(row["record"]) if row["record"] else None,
        failure=json.loads(row["failure"]) if row["failure"] else None,
        attached=attached,
    )
