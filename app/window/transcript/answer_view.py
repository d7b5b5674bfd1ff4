"""What the model said, while it says it and after. Tells what is wanted by signals; does none of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.markdown.thinking import parted
from app.store.rows import Placed, State
from app.window import theme
from app.window.buttons import quiet_button
from app.window.transcript.formats import Formats
from app.window.transcript.markdown_view import MarkdownView
from app.window.transcript.message_view import MessageView
from app.window.transcript.record_view import RecordView
from app.window.transcript.text_view import TextView
from app.window.transcript.thinking_view import ThinkingView


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
        self._failure.setTextFormat(Qt.TextFormat.PlainText)
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
        self._speak = quiet_button("speak", self.tr("Read aloud"), self)
        self._speak.clicked.connect(lambda: self.read_aloud.emit(self.id))
        for button in (self._copy_button(), self._speak, again, self._delete_button()):
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

    def catch_up(self, text: str) -> None:
        """All that there is of it, when some of it came while nobody looked."""
        if text.startswith(self._said):
            self.add(text[len(self._said) :])
        else:
            self._said = ""
            self.add(text)

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
            self.catch_up(message.text)
        if not self._is_written():
            self._stage.hide()
        self._actions.setVisible(not self._is_written())
        self._record.show_record(message.record, stopped=message.state is State.STOPPED)
        failed = message.failure is not None
        self._failure.setVisible(failed)
        self._retry.setVisible(failed)
        if message.failure is not None:
            self._failure.setText(f"{message.failure['sentence']} {message.failure['next_step']}")

    def show_aloud(self, *, aloud: bool) -> None:
        """Whether it is the one that is being read."""
        if aloud:
            self._speak.change("silence", self.tr("Stop reading"))
        else:
            self._speak.change("speak", self.tr("Read aloud"))

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
