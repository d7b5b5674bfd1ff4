"""Messages that are not shown now but were: going back to a chat, or to the answer that streams in it, makes none anew.

Kept hidden, the latest first, as far as their texts are not too long together. Interface thread.
"""

from __future__ import annotations

from app.store.rows import Placed, Role, State
from app.window.transcript.message_view import MessageView

MOST_CHARACTERS = 150_000
MOST_VIEWS = 60


class Spare:
    """`keep` takes a view over, `take` gives one back that says what is to be shown, or its beginning."""

    def __init__(self) -> None:
        self._views: dict[int, MessageView] = {}

    def keep(self, view: MessageView) -> None:
        view.hide()
        self._views[view.id] = view
        characters = 0
        for number, (message, kept) in enumerate(reversed(list(self._views.items()))):
            characters += len(kept.placed.message.text)
            if number >= MOST_VIEWS or (number and characters > MOST_CHARACTERS):
                self._views.pop(message).deleteLater()

    def take(self, placed: Placed) -> MessageView | None:
        """None: there is none, or the message is another since."""
        view = self._views.pop(placed.message.id, None)
        if view is None or _is_same(view.placed, placed):
            return view
        view.deleteLater()
        return None

    def clear(self) -> None:
        for view in self._views.values():
            view.deleteLater()
        self._views.clear()


def _is_same(shown: Placed, placed: Placed) -> bool:
    """An answer that was being written is the same message, however much of it came and whether it has ended."""
    written = shown.message.state is State.WRITING and placed.message.role is Role.ASSISTANT
    return shown == placed or (written and shown.siblings == placed.siblings)
