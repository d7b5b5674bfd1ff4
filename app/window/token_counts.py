"""How many tokens pictures and sounds will take of a model's context, as the engine counts them. Remembered by content.

Asks only about what is new, and starts the engine for it: whoever attaches something is about to ask.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from app.attachments.file import Content, File, pictures, sounds
from app.window.engine_line import EngineLine
from engine import messages as m

Key = tuple[str, bytes]
"""A model, and the digest of what it is shown."""


class TokenCounts(QObject):
    """changed: some are known now that were not."""

    changed = Signal()

    def __init__(self, line: EngineLine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line
        self._known: dict[Key, int] = {}
        self._asked: dict[str, list[Key]] = {}
        self._numbers = itertools.count(1)
        line.arrived.connect(self._take)

    def of(self, model: str, files: Sequence[File]) -> int | None:
        """All of them together; None as long as one is not known."""
        seen, heard = pictures(files), sounds(files)
        keys = [_key(model, part) for part in (*seen, *heard)]
        waited = {key for asked in self._asked.values() for key in asked}
        if new := set(keys) - self._known.keys() - waited:
            self._ask(model, [p for p in seen if _key(model, p) in new], [p for p in heard if _key(model, p) in new])
        counts = [self._known.get(key) for key in keys]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    def _ask(self, model: str, seen: Sequence[Content], heard: Sequence[Content]) -> None:
        request = f"count-{next(self._numbers)}"
        self._asked[request] = [_key(model, part) for part in (*seen, *heard)]
        self._line.send(m.CountMedia(request, model, tuple(seen), tuple(heard)))

    def _take(self, events: list[tuple[float, m.Event]]) -> None:
        """What could not be counted is not asked about again while it waits; asking itself will say what is wrong."""
        for _, event in events:
            if isinstance(event, m.EngineStopped):
                self._asked.clear()
            elif isinstance(event, m.MediaCounted) and event.request in self._asked:
                self._known |= dict(zip(self._asked.pop(event.request), (*event.images, *event.audio), strict=True))
                self.changed.emit()


def _key(model: str, part: Content) -> Key:
    return model, hashlib.sha256(part).digest()
