"""Brings together what is attached, the model that would be asked and what it sees; says what does not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject

from app.attachments.file import pictures, sounds
from app.store.rows import Message
from app.window.advice import Advice, AdviceLine, Media, advice
from app.window.conversation import Conversation
from app.window.models import Choice, Models
from app.window.senses import Sense, Senses
from app.window.shelf import Shelf
from app.window.token_counts import TokenCounts


def media_of(branch: Iterable[Message]) -> Media:
    """What came along with these messages."""
    files = [file for message in branch for file in message.attached]
    return Media(sum(file.parts for file in files if file.is_seen), sum(file.is_heard for file in files))


class Seeing(QObject):
    """earlier: what the conversation has before what is being written."""

    def __init__(
        self, shelf: Shelf, line: AdviceLine, conversation: Conversation, models: Models, senses: Senses,
        earlier: Callable[[], Media], parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._shelf, self._line, self._conversation = shelf, line, conversation
        self._models, self._senses, self._earlier = models, senses, earlier
        self._counts: TokenCounts | None = None
        self.tokens = 0
        """That what is being written takes beside its text; 0 as long as it is not known."""
        line.chosen.connect(self._use)
        shelf.refilled.connect(self.look)
        for changed in (shelf.changed, conversation.path_changed, conversation.settled, models.changed, senses.changed):
            changed.connect(self.look)

    def count(self, counts: TokenCounts) -> None:
        """From now on tokens are told, too."""
        self._counts = counts
        counts.changed.connect(self.look)

    def look(self) -> None:
        """Asks what the model sees only when there is something to see or hear."""
        files = self._shelf.files()
        here, earlier = Media(len(pictures(files)), len(sounds(files))), self._earlier()
        model = self._model() if here or earlier else ""
        if not model:
            self.tokens = 0
            self._line.say(Advice())
            return
        sense = self._senses.sense(model)
        self.tokens = self._count(model, sense, here) or 0
        said = advice(here, earlier, sense, self._models.name(model), self.tokens)
        self._line.say(said, self._able(here, earlier) if said.chooses else ())

    def _model(self) -> str:
        """Who would be asked; "" as long as that is not known, or when the chat was deleted elsewhere."""
        try:
            return self._conversation.model if self._models.ready else ""
        except KeyError:
            return ""

    def _count(self, model: str, sense: Sense, here: Media) -> int | None:
        """Asks the engine only about what the model takes."""
        takes = (sense.sees or not here.pictures) and (sense.hears or not here.sounds)
        return self._counts.of(model, self._shelf.files()) if self._counts is not None and here and takes else None

    def deaf(self) -> str:
        """Why a recording would be no use, as a sentence."""
        model = self._model()
        if not model:
            return ""
        said = advice(Media(sounds=1), Media(), self._senses.sense(model), self._models.name(model))
        return said.sentence if said.holds else ""

    def _able(self, here: Media, earlier: Media) -> list[Choice]:
        """The models that take all of it."""
        usable = [choice for choice in self._models.choices() if not choice.problem]
        senses = [(choice, self._senses.sense(choice.asked_as)) for choice in usable]
        sees, hears = here.pictures or earlier.pictures, here.sounds or earlier.sounds
        return [choice for choice, sense in senses if (sense.sees or not sees) and (sense.hears or not hears)]

    def _use(self, model: str) -> None:
        """For this conversation only."""
        self._conversation.set_settings(replace(self._conversation.settings, model=model))
