"""Chats with something in them. Test support."""

from __future__ import annotations

from app.store.rows import Chat, Message, State
from app.store.store import Store


def said(store: Store, *texts: str, title: str = "A chat") -> tuple[Chat, list[Message]]:
    """A chat of these texts, the person's and the model's in turn."""
    chat = store.chats.add(title)
    messages: list[Message] = []
    for number, text in enumerate(texts):
        parent = messages[-1].id if messages else None
        if number % 2 == 0:
            messages.append(store.tree.say(chat.id, parent, text))
        else:
            messages.append(answered(store, chat, messages[-1], text))
    return chat, messages


def answered(store: Store, chat: Chat, question: Message, text: str) -> Message:
    answer = store.tree.begin_answer(chat.id, question.id)
    store.tree.finish(answer.id, text, State.DONE, {"model": "m"})
    return answer


def texts(store: Store, chat: int) -> list[str]:
    return [placed.message.text for placed in store.tree.path(chat)]
