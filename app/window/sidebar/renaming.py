"""The line in which a chat or a folder gets another name, where it stands in the list. Knows neither; it says what was
written. Return and going elsewhere mean it, Escape does not.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QListView, QWidget

from app.window import theme
from app.window.rows_model import Index

_INSET = 5
"""Pixels, with which its words stand where the row's do."""
_STAYS = frozenset({Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason})


class Renaming(QLineEdit):
    def __init__(self, view: QListView) -> None:
        super().__init__(view.viewport())
        self._view = view
        self._named: Callable[[str], None] | None = None
        self._place: Callable[[], Index | None] = lambda: None
        self._before = ""
        self._back: QWidget | None = None
        self.setTextMargins(_INSET, 0, 0, 0)
        view.verticalScrollBar().valueChanged.connect(self.follow)
        self.hide()

    def begin(self, place: Callable[[], Index | None], before: str, words: str, named: Callable[[str], None]) -> None:
        """place: the row, asked again when rows move. words: for who cannot see it. named: told the new name."""
        self.finish(keep=True)
        index = place()
        if index is None:
            return
        self._back = QApplication.focusWidget()
        self._place, self._before, self._named = place, before, named
        self.setAccessibleName(words)
        self.setText(before)
        self._view.scrollTo(index)
        self.follow()
        self.show()
        self.setFocus()
        self.setSelection(len(before), -len(before))  # all of it, and of a long one the beginning is seen

    def follow(self) -> None:
        """Where its row is now."""
        if self._named is not None:
            index = self._place()
            if index is None:
                self.finish(keep=False)
            else:
                self.setGeometry(self._fitting(self._view.visualRect(index)))

    def _fitting(self, row: QRect) -> QRect:
        high = min(row.height(), self.sizeHint().height())
        return QRect(row.left() + theme.GRID, row.bottom() + 1 - high, row.width() - 2 * theme.GRID, high)

    def finish(self, *, keep: bool) -> None:
        named, self._named = self._named, None
        if named is None:
            return
        self.hide()
        text = " ".join(self.text().split())
        if keep and text and text != self._before:
            named(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape}:
            back = self._back
            self.finish(keep=event.key() != Qt.Key.Key_Escape)
            if back is not None:
                back.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            super().keyPressEvent(event)
        event.accept()  # what it has no use for is not for the list under it

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusOutEvent(event)
        if event.reason() not in _STAYS:
            self.finish(keep=True)
