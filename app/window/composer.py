"""Where the person writes. Return sends, Shift-Return breaks the line; grows with the text up to a third of a page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from app.window import theme
from app.window.buttons import word_button
from app.window.send_button import SendButton

_MOST_LINES = 9
_DRAFT_MS = 300


class Field(QPlainTextEdit):
    """The text itself."""

    submitted = Signal()
    escaped = Signal()
    focused = Signal()

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
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusInEvent(event)
        self.focused.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802 -- Qt's name
        super().focusOutEvent(event)
        self.focused.emit()


class Composer(QFrame):
    """sent: the text; drafted: the text a moment after it changed. edit_ended: the person gave up editing."""

    sent = Signal(str)
    stopped = Signal()
    drafted = Signal(str)
    edit_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumWidth(theme.measure() + 2 * theme.GRID)
        self.field = Field(self)
        self.field.setPlaceholderText(self.tr("Ask anything"))
        self.field.setAccessibleName(self.tr("Message"))
        self._send = SendButton(self)
        self._editing = self._editing_line()
        row = QHBoxLayout()
        row.addWidget(self.field, 1)
        row.addWidget(self._send, 0, Qt.AlignmentFlag.AlignBottom)
        row.setSpacing(theme.GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 9, 9, 9)
        column.setSpacing(4)
        column.addWidget(self._editing)
        column.addLayout(row)
        self._before = ""
        self._busy = False
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

    def set_text(self, text: str) -> None:
        """Without counting as a change by the person."""
        self.field.setPlainText(text)
        self.field.moveCursor(self.field.textCursor().MoveOperation.End)
        self._draft.stop()

    def edit(self, text: str) -> None:
        """Change an earlier message; what was being written comes back afterwards."""
        self._before = self.text()
        self._editing.show()
        self.set_text(text)
        self.field.setFocus()

    @property
    def is_editing(self) -> bool:
        return self._editing.isVisibleTo(self)

    def end_edit(self) -> None:
        if self.is_editing:
            self._editing.hide()
            self.set_text(self._before)

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

    def _changed_state(self) -> None:
        self._send.show_state(stop=self._busy, enabled=self._busy or bool(self.text().strip()))

    def _submit(self) -> None:
        if self._busy or not self.text().strip():
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

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.field.hasFocus()
        painter.setPen(theme.mixed(colours.line, colours.accent, 0.6) if focused else colours.line)
        painter.setBrush(colours.window)
        area = self.rect().adjusted(0, 0, -1, -1)
        painter.drawRoundedRect(area, theme.RADIUS + 2, theme.RADIUS + 2)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()
