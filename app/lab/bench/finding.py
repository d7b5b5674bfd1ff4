"""How long a search through all chats takes, from its words to the painted list. Interface thread."""

from __future__ import annotations

import random
import time

from PySide6.QtWidgets import QApplication

from app.lab.bench import writing
from app.lab.bench.figures import Figure
from app.lab.bench.stage import settle
from app.store.rows import State
from app.store.store import Store
from app.window.start import Desktop

GOAL = 0.1
_PER_CHAT = 20
_RARE = "cadenza"
"""In one message of a hundred."""
QUERIES = (_RARE, "cad", "memory", "the", "t", "expert disk", "garden window colour", "winter s", "zeppelin", "A chat")
"""Rare and common, whole and begun, one word and three, and one that is nowhere."""


def fill(store: Store, messages: int) -> None:
    """Chats of twenty messages, half of them a person's."""
    chance = random.Random(0)
    for first in range(0, messages, _PER_CHAT):
        chat, parent = store.chats.add(f"A chat, {first // _PER_CHAT + 1}").id, None
        for number in range(first, min(first + _PER_CHAT, messages)):
            text = _text(number, chance)
            if number % 2 == 0:
                parent = store.tree.say(chat, parent, text).id
            else:
                assert parent is not None
                parent = store.tree.begin_answer(chat, parent).id
                store.tree.finish(parent, text, State.DONE)


def _text(number: int, chance: random.Random) -> str:
    sentences = [writing.sentence(chance) for _ in range(1 if number % 2 == 0 else 6)]
    return " ".join([*sentences, *([_RARE] if number % 100 == 0 else [])])


def measure(app: Desktop, messages: int, rounds: int) -> Figure:
    """The window's store holds that many messages."""
    takes = [_searched(app, query) for _ in range(rounds) for query in QUERIES]
    app.window.sidebar.search.clear()
    settle()
    return Figure(
        f"A search in {messages:,} messages, to the painted list",
        "s",
        GOAL,
        tuple(takes),
        details=(("messages", messages), ("queries", len(QUERIES))),
    )


def _searched(app: Desktop, query: str) -> float:
    """Without the moment that the list waits for the next letter."""
    sidebar = app.window.sidebar
    sidebar.search.setText(query)
    QApplication.processEvents()
    began = time.perf_counter()
    sidebar.refresh()
    sidebar.list.viewport().repaint()
    return time.perf_counter() - began
