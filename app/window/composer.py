"""Where the person writes. Return sends, Shift-Return breaks the line; grows with the text up to a third of a page."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QFocusEvent, QImage, QKeyEvent, QPainter, QPaintEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.attachments.file import File
from app.window import theme
from app.window.advice import AdviceLine
from app.window.attaching import files_of, picture_of
from app.window.buttons import quiet_button, word_button
from app.window.context_meter import ContextMeter
from app.window.mic_button import MicButton
from app.window.send_button import SendButton
from app.window.shelf import Shelf

_MOST_LINES = 9
_DRAFT_MS = 300


class Field(QPlainTextEdit):
    """The text itself."""

    submitted = Signal()
    escaped = Signal()
    focused = Signal()
    recalled = Signal()
    """Up, with nothing written: what was said last is wanted again."""
    files_given = Signal(list)
    picture_given = Signal(QImage)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.viewport().setAutoFillBackground(False)
        self.document().setDocumentMargin(0)
        self.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        lines = max(1, min(_MOST_LINES, round(self.document().size().height())))
        self.setFixedHeight(round(lines * self.fontMetrics().lineSpacing() + 2))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        returned = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if returned and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.submitted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() == Qt.Key.Key_Up and not self.toPlainText():
            self.recalled.emit()
        elif sys.platform == "darwin" and event.key() == Qt.Key.Key_Backspace and _is_command(event):
            self._delete_to_line_start()
        else:
            super().keyPressEvent(event)

    def _delete_to_line_start(self) -> None:
        """As every field of a Mac does; Qt knows no such key."""
        cursor = self.textCursor()
        if not cursor.hasSelection():
            cursor.movePosition(QTextCursor.MoveOperation.StartOfLine, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 -- Qt's name
        """Files are for whoever this field belongs to, so that it shows where they go; text is written here."""
        if files_of(event.mimeData()):
            event.ignore()
        else:
            super().dragEnterEvent(event)

    def canInsertFromMimeData(self, data: QMimeData) -> bool:  # noqa: N802 -- Qt's name
        return bool(files_of(data)) or data.hasImage() or super().canInsertFromMimeData(data)

    def insertFromMimeData(self, data: QMimeData) -> None:  # noqa: N802 -- Qt's name
        """Pasted or dropped: files are attached, text is written."""
        if paths := files_of(data):
            self.files_given.emit(paths)
        elif data.hasImage() and not data.hasText():
            self.picture_given.emit(picture_of(data))
        else:
            super().insertFromMimeData(data)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusOutEvent(event)
        self.focused.emit()


def _is_command(event: QKeyEvent) -> bool:
    return event.modifiers() == Qt.KeyboardModifier.ControlModifier  # Qt's name of a Mac's Command


class Composer(QFrame):
    """sent: the text; drafted: the text a moment after it changed. edit_ended: the person gave up editing.

    What is attached lies on the shelf; attach_wanted: the person asks for a dialog.
    """

    sent = Signal(str)
    stopped = Signal()
    drafted = Signal(str)
    edit_ended = Signal()
    attach_wanted = Signal()
    changed = Signal()
    """Text or files, by whomever."""
    shelved = Signal()
    """The person attached something to what they write, or took it away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumWidth(theme.measure() + 2 * theme.GRID)
        self.field = Field(self)
        self.field.setPlaceholderText(self.tr("Ask anything"))
        self.field.setAccessibleName(self.tr("Message"))
        self._send = SendButton(self)
        self.attach = quiet_button("attach", self.tr("Attach files"), self)
        self.attach.clicked.connect(self.attach_wanted)
        self.mic = MicButton(self)
        self.meter = ContextMeter(self)
        self.shelf = Shelf(self)
        self.shelf.changed.connect(self._shelf_changed)
        self.advice = AdviceLine(self)
        self._editing = self._editing_line()
        row = QHBoxLayout()
        row.addWidget(self.attach, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.field, 1)
        row.addWidget(self.meter, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self.mic, 0, Qt.AlignmentFlag.AlignBottom)
        row.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        row.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(9, 9, 9, 9)
        column.setSpacing(6)
        column.addWidget(self._editing)
        column.addWidget(self.shelf)
        column.addWidget(self.advice)
        column.addLayout(row)
        self._before: tuple[str, tuple[File, ...]] = ("", ())
        self._busy = self._target = False
        self._draft = QTimer(self, singleShot=True, interval=_DRAFT_MS)
        self._draft.timeout.connect(self.flush)
        self.field.textChanged.connect(self._changed)
        self.field.submitted.connect(self._submit)
        self.field.escaped.connect(self._escape)
        self.field.focused.connect(self.update)
        self._send.clicked.connect(self._pressed)
        self._changed()
        self._draft.stop()

    def _editing_line(self) -> QWidget:
        line = QWidget(self)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        label = QLabel(self.tr("Editing: sending begins a new branch"), line)
        label.setFont(theme.small())
        cancel = word_button(self.tr("Cancel"), parent=line)
        cancel.clicked.connect(self._escape)
        row.addWidget(label)
        row.addWidget(cancel)
        row.addStretch()
        line.hide()
        return line

    # --- text ---------------------------------------------------------------------------------------------

    def text(self) -> str:
        return self.field.toPlainText()

    def set_text(self, text: str, files: Sequence[File] = ()) -> None:
        """Without counting as a change by the person."""
        self.shelf.set_files(files)
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self._draft.stop()

    def edit(self, text: str, files: Sequence[File] = ()) -> None:
        """Change an earlier message; what was being written comes back afterwards."""
        if not self.is_editing:
            self.flush()
            self._before = self.text(), self.shelf.files()
        self._editing.show()
        self.set_text(text, files)
        self.field.setFocus()

    @property
    def is_editing(self) -> bool:
        return self._editing.isVisibleTo(self)

    def end_edit(self) -> None:
        if self.is_editing:
            self._editing.hide()
            self.set_text(*self._before)

    def flush(self) -> None:
        """The draft as it is now, if it changed."""
        self._draft.stop()
        if not self.is_editing:
            self.drafted.emit(self.text())

    def set_busy(self, busy: bool) -> None:
        """While an answer is written the button stops it."""
        self._busy = busy
        self._changed_state()

    def _changed(self) -> None:
        self._draft.start()
        self._changed_state()

    def _shelf_changed(self) -> None:
        self._changed_state()
        if not self.is_editing:
            self.shelved.emit()

    def _changed_state(self) -> None:
        self.changed.emit()
        self.show_send()

    def show_send(self) -> None:
        """Call it when the advice is another."""
        self._send.show_state(stop=self._busy, enabled=self._busy or self._can_send())

    def _can_send(self) -> bool:
        """Something to say, all of it read, and nothing that the model could not take."""
        held = self.shelf.is_reading or self.advice.advice.holds
        return not held and bool(self.text().strip() or self.shelf.files())

    def _submit(self) -> None:
        if self._busy or not self._can_send():
            return
        text = self.text().strip()
        self._draft.stop()
        self.sent.emit(text)

    def _pressed(self) -> None:
        if self._busy:
            self.stopped.emit()
        else:
            self._submit()

    def _escape(self) -> None:
        if self.is_editing:
            self.end_edit()
            self.edit_ended.emit()
        elif self._busy:
            self.stopped.emit()

    # --- looks --------------------------------------------------------------------------------------------

    def set_target(self, target: bool) -> None:
        """Files hover over the window: this is where they go."""
        if target != self._target:
            self._target = target
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.field.hasFocus()
        painter.setPen(theme.mixed(colours.line, colours.accent, 0.6) if focused else colours.line)
        painter.setBrush(colours.window)
        if self._target:
            painter.setPen(colours.accent)
            painter.setBrush(theme.mixed(colours.window, colours.accent, 0.08))
        painter.drawRoundedRect(theme.framed(self.rect()), theme.RADIUS + 2, theme.RADIUS + 2)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
