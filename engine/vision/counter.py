"""Tells how many tokens pictures and sounds will take, before they are sent. Engine thread; reads no weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine import messages as m
from engine.errors import KnownError
from engine.vision.families import Sense, refusal, senses

if TYPE_CHECKING:
    from engine.vision.reader import Reader


class Counter:
    """Keeps what reads for the model that was asked about last."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._reader: Reader | None = None

    def count(self, command: m.CountMedia) -> m.MediaCounted:
        """Raises KnownError: the model takes no such thing, or one of the media is no use."""
        reader = self._of(command)
        images = tuple(reader.count(m.Turn("user", "", (image,))) for image in command.images)
        audio = tuple(reader.count(m.Turn("user", "", (), (sound,))) for sound in command.audio)
        return m.MediaCounted(command.request, images, audio)

    def _of(self, command: m.CountMedia) -> Reader:
        from engine.checkpoint.folder import Checkpoint
        from engine.checkpoint.layout import layout
        from engine.models.catalogue import resolve
        from engine.vision.reader import Reader

        checkpoint = Checkpoint.open(resolve(command.model))
        plan = layout(checkpoint)
        wanted = ((Sense.SIGHT, command.images), (Sense.HEARING, command.audio))
        for sense in (sense for sense, media in wanted if media and sense not in senses(checkpoint, plan)):
            raise KnownError(*refusal(checkpoint, plan, sense))
        if self._reader is None or self._path != checkpoint.path:
            self._path, self._reader = checkpoint.path, Reader(checkpoint)
        return self._reader
