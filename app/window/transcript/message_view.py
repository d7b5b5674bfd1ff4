"""One message with what can be done about it. Tells what is wanted by signals; does none of it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.markdown.thinking import parted
from app.store.rows import Placed, State
from app.window import theme
from app.window.buttons import QuietButton, quiet_button
from app.window.transcript.formats import Formats
from app.window.transcript.record_view import RecordView
from app.window.transcript.text_view import MarkdownView, TextView, told
from app.window.transcript.thinking_view import ThinkingView

_BUBBLE_SHARE = 0.85


class Actions(QWidget):
    """The row under a message: quiet until the pointer or the keyboard comes near, but always the same height."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(2)
        self.setFixedHeight(28)
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


class Question(MessageView):
    """What the person said: a bubble on the right, as wide as its words."""

    def __init__(self, placed: Placed, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(placed, formats, parent)
        self._bubble = QFrame(self)
        inside = QVBoxLayout(self._bubble)
        inside.setContentsMargins(14, 9, 14, 9)
        self._text = TextView(formats, self._bubble)
        self._text.setAccessibleName(self.tr("You said"))
        self._text.say(placed.message.text)
        metrics = QFontMetricsF(formats.body)
        self._ideal = int(max(map(metrics.horizontalAdvance, placed.message.text.split("\n")))) + 6
        inside.addWidget(self._text)
        self._column.addWidget(self._bubble, 0, Qt.AlignmentFlag.AlignRight)
        self._fill_actions()
        self._column.addWidget(self._actions)
        self.dress(formats)

    def _fill_actions(self) -> None:
        self._actions.row.addStretch()
        edit = quiet_button("edit", self.tr("Edit and send again"), self)
        edit.clicked.connect(lambda: self.edited.emit(self.id))
        for button in (edit, self._copy_button()):
            self._actions.add(button)
        if walker := self._walker():
            self._actions.row.addWidget(walker)

    def dress(self, formats: Formats) -> None:
        self._formats = formats
        self._bubble.setStyleSheet(
            f"QFrame {{ background: {formats.colours.fill.name()}; border-radius: {theme.RADIUS}px; }}"
            "QTextBrowser { background: transparent; }"
        )

    def fit(self, width: int) -> None:
        """As wide as its longest line, up to a share of the column."""
        most = int(width * _BUBBLE_SHARE) - 28
        self._text.setFixedWidth(max(8, min(most, self._ideal)))

    def texts(self) -> list[TextView]:
        return [self._text]


class AnswerView(MessageView):
    """What the model said: thinking folded, the answer over the full measure, how it came about behind a line."""

    def __init__(self, placed: Placed, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(placed, formats, parent)
        self._said = ""
        self._thinking = ThinkingView(formats, self)
        self._text = MarkdownView(formats, self)
        self._text.setAccessibleName(self.tr("Cadre said"))
        self._stage = QLabel(self)
        self._stage.setFont(theme.small())
        self._stage.setWordWrap(True)
        self._failure = QLabel(self)
        self._failure.setWordWrap(True)
        self._retry = QPushButton(self.tr("Try Again"), self)
        self._retry.clicked.connect(lambda: self.again.emit(self.id))
        self._record = RecordView(self)
        for widget in (self._thinking, self._text, self._stage, self._failure):
            self._column.addWidget(widget)
        self._column.addWidget(self._retry, 0, Qt.AlignmentFlag.AlignLeft)
        self._fill_actions()
        self._column.addWidget(self._actions)
        self._column.addWidget(self._record.details)
        self.add(placed.message.text)
        self.show_end(placed)
        self.dress(formats)

    def _fill_actions(self) -> None:
        self._actions.row.addWidget(self._record)
        if walker := self._walker():
            self._actions.row.addWidget(walker)
        again = quiet_button("again", self.tr("Answer again"), self)
        again.clicked.connect(lambda: self.again.emit(self.id))
        for button in (self._copy_button(), again):
            self._actions.add(button)
        self._actions.row.addStretch()

    def add(self, text: str) -> None:
        """What came since."""
        self._said += text
        parts = parted(self._said)
        self._thinking.show_thought(parts.thinking, going_on=parts.going_on and self._is_written())
        self._text.setVisible(bool(parts.answer))
        self._text.say(parts.answer)
        if parts.answer:
            self._stage.hide()

    def _is_written(self) -> bool:
        return self.placed.message.state is State.WRITING

    def show_stage(self, words: str) -> None:
        """What goes on before there is anything to read."""
        self._stage.setText(words)
        self._stage.setVisible(bool(words) and not self._text.isVisibleTo(self))

    def show_end(self, placed: Placed) -> None:
        """The message as it is in the store now: its record, or why there is none."""
        self.placed = placed
        message = placed.message
        if not self._is_written() and message.text != self._said:
            self._said = ""
            self.add(message.text)
        if not self._is_written():
            self._stage.hide()
        self._actions.setVisible(not self._is_written())
        self._record.show_record(message.record, stopped=message.state is State.STOPPED)
        failed = message.failure is not None
        self._failure.setVisible(failed)
        self._retry.setVisible(failed)
        if message.failure is not None:
            self._failure.setText(f"{message.failure['sentence']} {message.failure['next_step']}")

    def dress(self, formats: Formats) -> None:
        if formats is not self._formats:
            self._text.dress(formats)
        self._formats = formats
        self._stage.setStyleSheet(f"color: {formats.colours.secondary.name()}")
        self._failure.setStyleSheet(f"color: {formats.colours.red.name()}")
        self._thinking.dress(formats)

    def plain(self) -> str:
        return parted(self._said).answer

    def texts(self) -> list[TextView]:
        return [self._text]
