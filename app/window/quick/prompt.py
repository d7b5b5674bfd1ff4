"""What the quick prompt does: asks, follows the answer, hands it on. An exchange is a chat from its first word, so that
nothing said here is lost and the window can go on with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.attachments.file import File
from app.desktop.parts import Parts
from app.desktop.paste import Outcome
from app.store.rows import Attached, Message, Settings, State
from app.store.store import Store
from app.window import words
from app.window.answers import Answers
from app.window.attaching import takes
from app.window.conversation import Conversation
from app.window.models import Models
from app.window.pasting import Pasting
from app.window.quick.panel import QuickPanel
from app.window.seeing import Seeing, media_of
from app.window.senses import Senses
from engine import messages as m
from engine.models.folders import BUILTIN

LONGEST = 200_000
"""Characters that may be taken from elsewhere; more belongs into a file."""
_DRAFT = "draft of the quick prompt"


class Step(Enum):
    """seen: the end of the answer was on the screen."""

    EMPTY = "empty"
    ANSWERING = "answering"
    SEEN = "seen"
    UNSEEN = "unseen"


class QuickPrompt(QObject):
    """continued: open this chat in the window. hidden: the panel went. listed: the list of chats is another."""

    continued = Signal(int)
    hidden = Signal()
    listed = Signal()
    models_wanted = Signal()

    def __init__(
        self, panel: QuickPanel, store: Store, answers: Answers, models: Models, parts: Parts, senses: Senses,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.panel, self._store, self._answers, self._models, self._parts = panel, store, answers, models, parts
        self._conversation = Conversation(store, answers, models, self, m.Priority.QUICK_PROMPT, _DRAFT)
        self.seeing = Seeing(
            panel.shelf, panel.advice, self._conversation, models, senses,
            lambda: media_of(placed.message for placed in self._conversation.path()), self,
        )  # fmt: skip
        panel.attaching.deaf = self.seeing.deaf
        self.inserting = Pasting(parts, self)
        self.step = Step.EMPTY
        self._said = ""
        self._waits = ""
        self._connect()

    def _connect(self) -> None:
        panel = self.panel
        panel.submitted.connect(self.ask)
        panel.stopped.connect(self._conversation.stop)
        panel.dismissed.connect(self.dismiss)
        panel.turned_away.connect(lambda: self._hide() if panel.is_empty() else None)
        panel.take_wanted.connect(self._take)
        panel.copy_wanted.connect(self._copy)
        panel.insert_wanted.connect(self._insert)
        panel.continue_wanted.connect(self._continue)
        panel.again_wanted.connect(self._again)
        panel.models_wanted.connect(self._get_models)
        self.inserting.ended.connect(self._inserted)
        self._answers.grew.connect(self._grow)
        self._answers.moved.connect(self._move)
        self._answers.ended.connect(self._end)
        self._models.changed.connect(self._models_known)
        self._conversation.listed.connect(self.listed)

    # --- there and gone -----------------------------------------------------------------------------------

    def toggle(self) -> None:
        if self.panel.isVisible():
            self.dismiss()
        else:
            self.open()

    def open(self) -> None:
        """As it was left while something in it was not seen to its end, else a new one. What was typed stays."""
        self._parts.front.remember()
        if self.step is Step.SEEN:
            self._renew()
        elif self.step is Step.UNSEEN:
            self.step = Step.SEEN
        if self.step is Step.EMPTY:
            self._show_need()
        self.panel.appear()
        self._parts.panels.raise_over_all(int(self.panel.winId()))

    def dismiss(self) -> None:
        """An answer goes on being written."""
        self._hide()
        self._parts.front.give_back()

    def _hide(self) -> None:
        self.panel.hide()
        self.hidden.emit()

    def _renew(self) -> None:
        typed = self.panel.field.toPlainText()
        self._conversation.open(None)
        self._conversation.set_settings(Settings())  # a model that was chosen for a picture was for that one
        self.panel.clear()
        self.panel.field.setPlainText(typed)
        self.step = Step.EMPTY

    def _show_need(self) -> None:
        """Without a model for real work the prompt says so before anyone types."""
        missing = self._models.ready and self._models.default == BUILTIN
        self.panel.say(self.tr("Cadre needs a model on this disk before it can answer.") if missing else "")
        self.panel.offer(*(["models"] if missing else []))

    # --- asking -------------------------------------------------------------------------------------------

    def ask(self, text: str) -> None:
        """Also while models are looked for: then when they are known."""
        if not self._models.ready:
            self._waits = text
            self.panel.say(self.tr("Looking for models…"))
        elif self._models.default == BUILTIN:
            self._show_need()
        else:
            self._leave_deleted()
            files = self.panel.shelf.files()
            self.panel.field.clear()
            self.panel.shelf.set_files(())
            self._conversation.send(text, files)
            self._begin(_question(text, files))

    def _models_known(self) -> None:
        waits, self._waits = self._waits, ""
        if waits:
            self.ask(waits)
        elif self.step is Step.EMPTY:
            self._show_need()

    def _leave_deleted(self) -> None:
        """The chat of this exchange may have been deleted in the window."""
        try:
            self._conversation.about()
        except KeyError:
            self._conversation.open(None)

    def _again(self) -> None:
        self._leave_deleted()
        path = self._conversation.path()
        if path:
            self._conversation.again(path[-1].message.id)
            asked = path[-2].message if len(path) > 1 else None
            self._begin(_question(asked.text, asked.attached) if asked else "")

    def _begin(self, question: str) -> None:
        self.step, self._said = Step.ANSWERING, ""
        self.panel.answer.begin()
        self.panel.show_question(question)
        self.panel.offer()
        self.panel.set_busy(busy=True)
        answer = self._answer()
        if answer is not None:
            self._move(answer.id)

    # --- the answer ---------------------------------------------------------------------------------------

    def _answer(self) -> Message | None:
        """The last message, when it is an answer of the exchange that is shown."""
        path = self._conversation.path() if self.step is not Step.EMPTY else []
        return path[-1].message if path else None

    def _is_mine(self, message: int) -> bool:
        answer = self._answer()
        return answer is not None and answer.id == message

    def _grow(self, message: int, text: str) -> None:
        if self._is_mine(message):
            self._said += text
            self.panel.answer.say(self._said)
            if self.panel.answer.plain():
                self.panel.say("")

    def _move(self, message: int) -> None:
        running = self._answers.running(message)
        if running is not None and self._is_mine(message) and not self.panel.answer.plain():
            self.panel.say(words.stage(running.view))

    def _end(self, message: int) -> None:
        if not self._is_mine(message):
            return
        answer = self._store.tree.get(message)
        self.step = Step.SEEN if self.panel.isVisible() else Step.UNSEEN
        self.panel.set_busy(busy=False)
        self.panel.field.setPlaceholderText(self.tr("Ask a follow-up"))
        self.panel.answer.say(answer.text)
        some = bool(self.panel.answer.plain())
        self._show_outcome(answer, some=some)

    def _show_outcome(self, answer: Message, *, some: bool) -> None:
        acts = ["copy", "insert", "continue"] if some else ["continue"]
        record = words.record_line(answer.record) if answer.record else ""
        if answer.failure is not None:
            self.panel.say(f"{answer.failure['sentence']} {answer.failure['next_step']}".strip(), wrong=True)
            acts = ["again", *acts]
        elif not some:
            stopped = answer.state is State.STOPPED
            self.panel.say(self.tr("Stopped.") if stopped else self.tr("The answer is empty."))
            acts = ["again", *acts]
        else:
            self.panel.say("")
        self.panel.offer(*acts, record=record)

    # --- what can be done with it -------------------------------------------------------------------------

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.panel.answer.plain())
        self.panel.say(self.tr("Copied."))

    def _insert(self) -> None:
        self.inserting.begin(self.panel.answer.plain())
        if self.inserting.waits:  # else it was only copied
            self.dismiss()

    def _inserted(self, outcome: Outcome) -> None:
        """Says so when it was only copied."""
        if sentence := self.inserting.told(outcome):
            if not self.panel.isVisible():
                self.panel.appear()
            self.panel.say(sentence)

    def _continue(self) -> None:
        self._leave_deleted()
        chat = self._conversation.chat
        if chat is not None:
            self._hide()
            self._renew()
            self.continued.emit(chat)

    def _get_models(self) -> None:
        self._hide()
        self.models_wanted.emit()

    def _take(self) -> None:
        """Only now is anything read that belongs to other programs."""
        data = QGuiApplication.clipboard().mimeData() or QMimeData()  # an empty clipboard may have none
        if not self._parts.selection.text().strip() and not data.hasText() and takes(data):
            self.panel.attaching.take_data(data)
            return
        text = self._parts.selection.text().strip() or QGuiApplication.clipboard().text().strip()
        if not text:
            why_not = self._parts.selection.why_not
            nothing = self.tr("Nothing is selected, and no text is on the clipboard.")
            self.panel.say(f"{nothing} {why_not}".strip())
        elif len(text) > LONGEST:
            self.panel.say(self.tr("That text is too long for a prompt. Attach it as a file in Cadre's window."))
        else:
            self.panel.add_text(text)


def _question(text: str, files: Sequence[File | Attached]) -> str:
    """One line: what was asked, and about what."""
    return " · ".join([*([text] if text else []), *(file.name for file in files)])
