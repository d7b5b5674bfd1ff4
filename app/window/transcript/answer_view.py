"""What the model said, while it says it and after. Tells what is wanted by signals; does none of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.markdown.thinking import parted
from app.store.rows import Json, Placed, State
from app.window import theme
from app.window.buttons import quiet_button
from app.window.transcript.failure_view import FailureView
from app.window.transcript.formats import Formats
from app.window.transcript.markdown_view import MarkdownView
from app.window.transcript.message_view import MessageView
from app.window.transcript.record_view import RecordView
from app.window.transcript.text_view import TextView
from app.window.transcript.thinking_view import ThinkingView


class AnswerView(MessageView):
    """What the model said: thinking folded, the answer over the full measure, how it came about behind a line.

    What most answers never show (a thought, a stage, a failure) is made when it is there.
    """

    def __init__(self, placed: Placed, formats: Formats, parent: QWidget | None = None) -> None:
        super().__init__(placed, formats, parent)
        self._said = ""
        self._thinking: ThinkingView | None = None
        self._stage: QLabel | None = None
        self._failure: FailureView | None = None
        self._text = MarkdownView(formats, self)
        self._text.setAccessibleName(self.tr("Cadre said"))
        self._record = RecordView(self)
        self._column.addWidget(self._text)
        self._fill_actions()
        self._column.addWidget(self._actions)
        self._column.addWidget(self._record.details)
        self.add(placed.message.text)
        self.show_end(placed)

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
        self._show_thought(parts.thinking, going_on=parts.going_on and self._is_written())
        self._text.setVisible(bool(parts.answer))
        self._text.say(parts.answer)
        if parts.answer:
            self.show_stage("")

    def _show_thought(self, text: str, *, going_on: bool) -> None:
        if self._thinking is None and (text or going_on):
            self._thinking = ThinkingView(self._formats, self)
            self._column.insertWidget(0, self._thinking)
        if self._thinking is not None:
            self._thinking.show_thought(text, going_on=going_on)

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
        if self._stage is None and words:
            self._stage = self._made_stage()
        if self._stage is not None:
            self._stage.setText(words)
            self._stage.setVisible(bool(words) and not self._text.isVisibleTo(self))

    @property
    def stage(self) -> str:
        """What is shown to go on; "" when nothing is."""
        return "" if self._stage is None or not self._stage.isVisibleTo(self) else self._stage.text()

    def _made_stage(self) -> QLabel:
        stage = QLabel(self)
        stage.setTextFormat(Qt.TextFormat.PlainText)
        stage.setFont(theme.small())
        stage.setWordWrap(True)
        stage.setStyleSheet(f"color: {self._formats.colours.secondary.name()}")
        self._column.insertWidget(self._column.indexOf(self._text) + 1, stage)
        return stage

    def show_end(self, placed: Placed) -> None:
        """The message as it is in the store now: its record, or why there is none."""
        self.placed = placed
        message = placed.message
        if not self._is_written() and message.text != self._said:
            self.catch_up(message.text)
        if not self._is_written():
            self.show_stage("")
        self._actions.setVisible(not self._is_written())
        self._record.show_record(message.record, stopped=message.state is State.STOPPED)
        self._show_failure(message.failure)

    def _show_failure(self, failure: Json | None) -> None:
        if failure is not None and self._failure is None:
            self._failure = FailureView(self)
            self._failure.dress(self._formats)
            self._failure.again.connect(lambda: self.again.emit(self.id))
            self._column.insertWidget(self._column.indexOf(self._actions), self._failure)
        if self._failure is not None:
            self._failure.setVisible(failure is not None)
        if failure is not None and self._failure is not None:
            self._failure.say(failure)

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
        if self._stage is not None:
            self._stage.setStyleSheet(f"color: {formats.colours.secondary.name()}")
        for part in (self._failure, self._thinking):
            if part is not None:
                part.dress(formats)

    def plain(self) -> str:
        return parted(self._said).answer

    def texts(self) -> list[TextView]:
        return [self._text]
