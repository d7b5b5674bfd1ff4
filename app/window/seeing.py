"""Brings together what is attached, the model that would be asked and what it sees; says what does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject

from app.attachments.file import pictures
from app.window.advice import AdviceLine, advice
from app.window.conversation import Conversation
from app.window.models import Choice, Models
from app.window.senses import Senses
from app.window.shelf import Shelf


class Seeing(QObject):
    """earlier: how many pictures the conversation has before what is being written."""

    def __init__(
        self, shelf: Shelf, line: AdviceLine, conversation: Conversation, models: Models, senses: Senses,
        earlier: Callable[[], int], parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._shelf, self._line, self._conversation = shelf, line, conversation
        self._models, self._senses, self._earlier = models, senses, earlier
        line.chosen.connect(self._use)
        shelf.refilled.connect(self.look)
        for changed in (shelf.changed, conversation.path_changed, conversation.settled, models.changed, senses.changed):
            changed.connect(self.look)

    def look(self) -> None:
        """Asks what the model sees only when there are pictures."""
        here, earlier = len(pictures(self._shelf.files())), self._earlier()
        if not (here or earlier) or not self._models.ready:
            self._line.say(advice(0, 0, self._senses.unknown, ""))
            return
        model = self._conversation.model
        said = advice(here, earlier, self._senses.sense(model), self._models.name(model))
        self._line.say(said, self._sighted() if said.chooses else ())

    def _sighted(self) -> list[Choice]:
        usable = [choice for choice in self._models.choices() if not choice.problem]
        return [choice for choice in usable if self._senses.sense(choice.asked_as).sees]

    def _use(self, model: str) -> None:
        """For this conversation only."""
        self._conversation.set_settings(replace(self._conversation.settings, model=model))
