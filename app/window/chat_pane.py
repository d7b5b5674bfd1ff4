"""The middle of the window: what was said, and where to say more. Brings the conversation and its widgets together."""

from __future__ import annotations

from itertools import takewhile

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app import context
from app.store.rows import Message, Placed
from app.store.store import Store
from app.window import theme, words
from app.window.answers import Answers
from app.window.attaching import Attaching
from app.window.chat_settings import ChatSettings
from app.window.composer import Composer
from app.window.contexts import Contexts
from app.window.conversation import Conversation
from app.window.empty_page import EmptyPage
from app.window.find_bar import FindBar
from app.window.header import Header
from app.window.models import Models
from app.window.notice import Notice
from app.window.picture_window import Large
from app.window.seeing import Seeing, media_of
from app.window.senses import Senses
from app.window.transcript.transcript import Transcript
from engine.models.folders import BUILTIN

_MEASURE_MS = 250
"""After typing, before the context is measured anew."""


class ChatPane(QWidget):
    shown = Signal()
    """Another message is the one to watch."""

    def __init__(
        self, store: Store, answers: Answers, models: Models, conversation: Conversation, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._store, self._answers, self._models = store, answers, models
        self.conversation = conversation
        self.header = Header(self)
        self.transcript = Transcript(self)
        self.finder = FindBar(self.transcript, self)
        self.empty = EmptyPage(self)
        self.notice = Notice(self)
        self.composer = Composer(self)
        self.settings = ChatSettings(models, self)
        self.attaching = Attaching(self.composer.shelf, lambda words: self.notice.tell(words, stays=True), self)
        self.contexts = Contexts(parent=self)
        self.senses = Senses(parent=self)
        self.seeing = Seeing(
            self.composer.shelf,
            self.composer.advice,
            conversation,
            models,
            self.senses,
            lambda: media_of(self._branch()),
            self,
        )
        self._measure = QTimer(self, singleShot=True, interval=_MEASURE_MS)
        self._editing = 0
        self.large = Large(self)
        self.transcript.thumbnails = store.files.thumbnails
        self._lay_out()
        self._connect()
        self.attaching.deaf = self.seeing.deaf

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.finder)
        column.addWidget(self.transcript, 1)
        column.addWidget(self.empty, 1)
        for widget in (self.notice, self.composer):
            row = QHBoxLayout()
            row.setContentsMargins(2 * theme.GRID, 0, 2 * theme.GRID, theme.GRID)
            row.addStretch(1)
            row.addWidget(widget, 1000)
            row.addStretch(1)
            column.addLayout(row)

    def _connect(self) -> None:
        conversation, answers = self.conversation, self._answers
        conversation.path_changed.connect(self._show_path)
        conversation.settled.connect(self.show_settings)
        self.transcript.walked.connect(conversation.walk)
        self.transcript.again.connect(conversation.again)
        self.transcript.edited.connect(self._begin_edit)
        self.transcript.deleted.connect(self.delete)
        self.composer.sent.connect(self._send)
        self.composer.stopped.connect(conversation.stop)
        self.composer.drafted.connect(conversation.keep_draft)
        self.composer.edit_ended.connect(self._end_edit)
        self.composer.shelved.connect(lambda: conversation.keep_draft_files(self.composer.shelf.files()))
        self.composer.changed.connect(self._measure.start)
        self._measure.timeout.connect(self.measure)
        self.contexts.changed.connect(self.measure)
        self.composer.attach_wanted.connect(self.attaching.choose)
        self.composer.field.recalled.connect(self.edit_last)
        self.composer.field.files_given.connect(self.attaching.take)
        self.composer.field.picture_given.connect(self.attaching.take_picture)
        self.composer.shelf.refilled.connect(lambda: self.notice.take_back(self.attaching.told))
        shelf, show = self.composer.shelf, self.large.show_file
        shelf.opened.connect(lambda number: show(shelf.files(), number))
        self.transcript.opened.connect(lambda message, number: show(self._store.files.of(message), number))
        self.composer.advice.said.connect(self.composer.show_send)
        self.composer.advice.said.connect(self._measure.start)
        answers.grew.connect(self._grow)
        answers.moved.connect(self._move)
        answers.ended.connect(self._end)
        answers.engine_stopped.connect(self._tell_engine_stopped)
        self.header.settings_wanted.connect(lambda button: self.settings.open_under(button, conversation.settings))
        self.settings.changed.connect(conversation.set_settings)
        self.settings.model_chosen.connect(self._models.choose)
        self._models.changed.connect(self.show_settings)
        self.finder.closed.connect(self.composer.field.setFocus)

    # --- which chat ---------------------------------------------------------------------------------------

    def open(self, chat: int | None, message: int = 0) -> None:
        self.composer.flush()
        self.composer.end_edit()
        self._editing = 0
        self.finder.close_bar()
        self.conversation.open(chat, message)
        self.composer.set_text(self.conversation.draft(), self.conversation.draft_files())
        self.composer.field.setFocus()

    def _show_path(self) -> None:
        path = self.conversation.path()
        self.transcript.setVisible(bool(path))
        self.empty.setVisible(not path)
        self.transcript.show_path(path)
        self.composer.set_busy(self.conversation.answering())
        self._catch_up(path)
        self.finder.renew()
        self.shown.emit()
        if path:
            self._move(path[-1].message.id)

    def _catch_up(self, path: list[Placed]) -> None:
        """What an answer under way says is on disk but for the last half second; only from here on `grew` tells."""
        for placed in path:
            answer, view = self._answers.running(placed.message.id), self.transcript.answer(placed.message.id)
            if answer is not None and view is not None:
                view.catch_up(answer.text)

    def show_settings(self) -> None:
        about = self.conversation.about()
        name = self._models.name(self.conversation.model)
        self.header.show_chat((about.title if about else "") or self.tr("New chat"), name)
        self._measure.start()
        self.empty.show_model(self.conversation.model, name, ready=self._models.ready, alone=self._is_alone())

    def _is_alone(self) -> bool:
        """Nothing but the demonstration can be asked."""
        return not any(choice.asked_as != BUILTIN and not choice.problem for choice in self._models.choices())

    # --- saying -------------------------------------------------------------------------------------------

    def _send(self, text: str) -> None:
        if self.conversation.answering():
            return
        editing, self._editing = self._editing, 0
        files = self.composer.shelf.files()
        if editing:
            self.composer.end_edit()
            self.conversation.edit(editing, text, files)
        else:
            self.composer.set_text("")
            self.conversation.send(text, files)
        self.show_settings()
        self.transcript.follow()

    def _begin_edit(self, message: int) -> None:
        if not self.conversation.answering():
            self._editing = message
            self.composer.edit(self._store.tree.get(message).text, self._store.files.of(message))

    def edit_last(self) -> None:
        """The last thing the person said."""
        asked = [placed.message for placed in self.conversation.path() if placed.message.role == "user"]
        if asked:
            self._begin_edit(asked[-1].id)

    def _end_edit(self) -> None:
        self._editing = 0

    def delete(self, message: int) -> None:
        """With what followed, until the notice goes."""
        if message == self._editing:
            self.composer.end_edit()
            self._editing = 0
        chat = self.conversation.chat
        if not self.conversation.delete(message):
            return

        def undo() -> None:
            if self.conversation.chat != chat:
                self.open(chat)
            self.conversation.undelete(message)

        sentence = self.tr("Deleted the message and what followed it.")
        self.notice.tell(sentence, self.tr("Undo"), undo, self._store.purge)

    def delete_last(self) -> None:
        path = self.conversation.path()
        if path:
            self.delete(path[-1].message.id)

    def again(self, *, harder: bool = False) -> None:
        """Another answer to what was said last."""
        path = self.conversation.path()
        if path:
            self.conversation.again(path[-1].message.id, harder=harder)

    def walk_last(self, step: int) -> None:
        """Through the versions of the last message that has several."""
        several = [placed for placed in self.conversation.path() if len(placed.siblings) > 1]
        if several:
            self.conversation.walk(several[-1].message.id, step)

    # --- answers ------------------------------------------------------------------------------------------

    def _grow(self, message: int, text: str) -> None:
        if view := self.transcript.answer(message):
            view.add(text)

    def _move(self, message: int) -> None:
        view, answer = self.transcript.answer(message), self._answers.running(message)
        if view is not None and answer is not None:
            stage = self.tr("Stopping") if answer.stopping else words.stage(answer.view)
            view.show_stage("\n".join(filter(None, [stage, "" if answer.view.tokens else answer.view.happened])))

    def _end(self, message: int) -> None:
        view = self.transcript.answer(message)
        if view is None:
            return
        placed = next((placed for placed in self.conversation.path() if placed.message.id == message), None)
        if placed is not None:
            view.show_end(placed)
            self.finder.renew()
        self.composer.set_busy(self.conversation.answering())

    def _tell_engine_stopped(self, sentence: str) -> None:
        """Unless the answer that it cut off, which is shown, says so."""
        path = self.conversation.path()
        if path and (path[-1].message.failure or {}).get("sentence") == sentence:
            return
        self.notice.tell(self.tr("{sentence} It starts anew with the next question.").format(sentence=sentence))

    # --- context ------------------------------------------------------------------------------------------

    def _branch(self) -> list[Message]:
        """What comes before what is being written."""
        branch = [placed.message for placed in self.conversation.path()]
        return list(takewhile(lambda message: message.id != self._editing, branch))

    def measure(self) -> None:
        """How full the context will be with what is being written."""
        self._measure.stop()
        branch = self._branch()
        attached = sum(len(file.text) for file in self.composer.shelf.files())
        room = self.contexts.size(self.conversation.model) if self._models.ready else 0
        system = self.conversation.settings.system
        text, media = self.composer.text(), self.seeing.tokens
        self.composer.meter.show_usage(context.used(branch, text, attached, system, room, media))

    def close_threads(self) -> None:
        self._measure.stop()
        self.attaching.close()
        self.contexts.close()
        self.senses.close()
        self.transcript.typesetter.close()

    # --- looks --------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colours().window)
        painter.end()

    def set_focus(self) -> None:
        self.composer.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
