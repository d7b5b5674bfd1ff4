"""How answers came to be is kept for the newest ones, and goes with its message."""

from __future__ import annotations

from app.store.replays import KEPT
from tests.store.talking import said


def test_only_the_newest_are_kept(store):
    _, messages = said(store, *["x"] * (2 * KEPT + 6))
    answers = [message.id for message in messages[1::2]]

    for answer in answers:
        store.replays.keep(answer, str(answer).encode())

    assert [answer for answer in answers if store.replays.get(answer)] == answers[-KEPT:]
    assert store.replays.get(answers[-1]) == str(answers[-1]).encode()


def test_one_goes_with_its_message(store):
    chat, messages = said(store, "q", "a")
    store.replays.keep(messages[1].id, b"x")
    store.chats.delete([chat.id])

    store.purge()

    assert store.replays.get(messages[1].id) is None
