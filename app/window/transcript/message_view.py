"""What both sides of a chat have: versions, copying, a quiet row of acts. Tells what is wanted by signals."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QEnterEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.store.rows import Placed
from app.window import theme
from app.window.buttons import QuietButton, quiet_button
from app.window.transcript.formats import Formats
from app.window.transcript.text_view import TextView, told


class Actions(QWidget):
    """The row under a message: quiet until the pointer or the keyboard comes near, but always the same height."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(2)
        self._buttons: list[QuietButton] = []

    def add(self, button: QuietButton) -> None:
        self.row.addWidget(button)
        self._buttons.append(button)
        button.fade(faint=True)

    def reveal(self, *, near: bool) -> None:
        for button in self._buttons:
            button.fade(faint=not near)


class MessageView(QFrame):
    """What both sides have: walking between siblings, copying, asking for more."""

    walked = Signal(int, int)
    edited = Signal(int)
    again = Signal(int)
    deleted = Signal(int)
    read_aloud = Signal(int)
    opened = Signal(int, int)
    """Show large what its nth file holds."""

    def __init__(self, placed: Placed, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.placed = placed
        self._formats = formats
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._actions = Actions(self)

    @property
    def id(self) -> int:
        return self.placed.message.id

    def _walker(self) -> QWidget | None:
        """Earlier and later versions of this message, when there are several."""
        if len(self.placed.siblings) < 2:
            return None
        walker = QWidget(self)
        row = QHBoxLayout(walker)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        of = self.tr("{n} of {all}").format(n=self.placed.number, all=len(self.placed.siblings))
        for name, said, step in (("left", self.tr("Previous version"), -1), ("right", self.tr("Next version"), 1)):
            button = quiet_button(name, said, walker)
            button.setEnabled(0 < self.placed.number + step <= len(self.placed.siblings))
            button.clicked.connect(lambda _=False, step=step: self.walked.emit(self.id, step))
            row.addWidget(button)
            if step < 0:
                label = QLabel(f"{self.placed.number}/{len(self.placed.siblings)}", walker)
                label.setFont(theme.small())
                label.setAccessibleName(of)
                row.addWidget(label)
        return walker

    def _copy_button(self) -> QuietButton:
        button = quiet_button("copy", self.tr("Copy message"), self)
        button.clicked.connect(lambda: self._copy(button))
        return button

    def _delete_button(self) -> QuietButton:
        button = quiet_button("trash", self.tr("Delete message"), self)
        button.clicked.connect(lambda: self.deleted.emit(self.id))
        return button

    def _copy(self, button: QuietButton) -> None:
        QGuiApplication.clipboard().setText(self.plain())
        told(button)

    def plain(self) -> str:
        return self.placed.message.text

    def dress(self, formats: Formats) -> None:
        """In another look of the system."""
        self._formats = formats

    def texts(self) -> list[TextView]:
        """What find looks through."""
        return []

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802 -- Qt's name
        super().enterEvent(event)
        self._actions.reveal(near=True)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().leaveEvent(event)
        self._actions.reveal(near=False)
