"""What is attached to the message that is being written: files that were read, and those that are being read.

What a model sees stands there as a tile, the rest as chips.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.attachments.file import File
from app.window.chips import Chip, Chips
from app.window.tiles import Tile


class Shelf(Chips):
    """changed: other files than before are to be sent. opened: show this one of `files` large.

    Files have numbers from 1, in the order they were given.
    """

    changed = Signal()
    opened = Signal(int)
    refilled = Signal()
    """By `set_files`, whoever wanted it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._files: dict[int, File | None] = {}
        self._by_number: dict[int, Chip | Tile] = {}
        self._last = 0

    @property
    def is_reading(self) -> bool:
        return None in self._files.values()

    def has(self, number: int) -> bool:
        return number in self._files

    def files(self) -> tuple[File, ...]:
        return tuple(file for file in self._files.values() if file is not None)

    def expect(self, name: str) -> int:
        """A file that is being read; its number."""
        self._last += 1
        number = self._last
        chip = Chip(name, self, removable=True)
        chip.removed.connect(lambda: self.drop(number))
        self._files[number], self._by_number[number] = None, chip
        self.add(chip)
        self.changed.emit()
        return number

    def fill(self, number: int, file: File) -> None:
        """It was read, unless the person no longer wants it."""
        if number in self._files:
            self._files[number] = file
            chip = self._by_number[number]
            if file.is_seen:
                self._show_tile(number, file)
            elif isinstance(chip, Chip):
                chip.show_size(file.bytes)
            self.settle()
            self.changed.emit()

    def _show_tile(self, number: int, file: File) -> None:
        tile = Tile(file.name, file.thumbnail, self, removable=True)
        tile.show_file(file.bytes, file.pages, len(file.parts))
        tile.removed.connect(lambda: self.drop(number))
        tile.clicked.connect(lambda: self.opened.emit(self.files().index(file)))
        self.add(tile, self._by_number[number])
        self._by_number[number] = tile

    def drop(self, number: int) -> None:
        if number in self._files:
            del self._files[number]
            self.take(self._by_number.pop(number))
            self.changed.emit()

    def set_files(self, files: Sequence[File]) -> None:
        """Instead of what there is, without counting as a change by the person."""
        was = self.blockSignals(True)
        for number in list(self._files):
            self.drop(number)
        for file in files:
            self.fill(self.expect(file.name), file)
        self.blockSignals(was)
        self.refilled.emit()
