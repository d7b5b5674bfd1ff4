"""How long a chat takes from the click to its painted end. Interface thread."""

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

GOAL = 0.2


def measure(app: Desktop, words: int, messages: int, takes: int) -> tuple[Figure, Figure]:
    """A chat of one long answer, and one of many messages."""
    long, many = _long_answer(app.store, words), _many_messages(app.store, messages)
    said = f"Opening a chat with an answer of {words:,} words, code and tables"
    one = Figure(said, "s", GOAL, _opened(app, long, takes), details=(("words", words),))
    said = f"Opening a chat of {messages:,} messages"
    return one, Figure(said, "s", GOAL, _opened(app, many, takes), details=(("messages", messages),))


def _opened(app: Desktop, chat: int, takes: int) -> tuple[float, ...]:
    """Each from an empty chat. Until it is painted: code may get its colours afterwards, a piece in every turn."""
    seconds = []
    for _ in range(takes):
        app.window.new_chat()
        settle()
        began = time.perf_counter()
        app.window.open_chat(chat)
        QApplication.processEvents()
        seconds.append(time.perf_counter() - began)
        settle()
    return tuple(seconds)


def _long_answer(store: Store, words: int) -> int:
    chat = store.chats.add("A long answer").id
    question = store.tree.say(chat, None, "Write something long.")
    answer = store.tree.begin_answer(chat, question.id)
    store.tree.finish(answer.id, writing.answer(words), State.DONE)
    return chat


def _many_messages(store: Store, messages: int) -> int:
    chat, parent, chance = store.chats.add("Many messages").id, None, random.Random(0)
    for number in range(0, messages, 2):
        question = store.tree.say(chat, parent, writing.sentence(chance))
        answer = store.tree.begin_answer(chat, question.id)
        store.tree.finish(answer.id, writing.answer(80, seed=number), State.DONE)
        parent = answer.id
    return chat
