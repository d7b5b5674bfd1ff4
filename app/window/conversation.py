"""The chat that is shown, and what can be done with it. Knows the store and the answers under way, but no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from app.attachments.file import File
from app.store.rows import Chat, Message, Placed, Role, Settings
from app.store.store import Store
from app.window.answers import Answers
from app.window.models import Models
from engine import messages as m
from engine.models.folders import BUILTIN

_NEW_DRAFT = "draft of a new chat"


class Conversation(QObject):
    """path_changed: other messages are shown. listed: the list of chats is another. settled: settings changed.

    chat is None as long as nothing was said: a chat begins with its first message. new_draft: the name that what is
    being written for a new one is kept under.
    """

    path_changed = Signal()
    listed = Signal()
    settled = Signal()

    def __init__(
        self,
        store: Store,
        answers: Answers,
        models: Models,
        parent: QObject | None = None,
        priority: m.Priority = m.Priority.CHAT,
        new_draft: str = _NEW_DRAFT,
    ) -> None:
        super().__init__(parent)
        self._store = store
        self._answers = answers
        self._models = models
        self._priority, self._new_draft = priority, new_draft
        self._new_settings = Settings()
        self.chat: int | None = None

    # --- which chat ---------------------------------------------------------------------------------------

    def open(self, chat: int | None, message: int = 0) -> None:
        """None: a new one. message: one to see, on whichever branch it is."""
        self.chat = chat
        if chat is not None and message and message not in {placed.message.id for placed in self.path()}:
            self._store.tree.show(message)
        if chat is None:
            self._new_settings = replace(self._new_settings, system="")
        self.path_changed.emit()
        self.settled.emit()

    def about(self) -> Chat | None:
        return None if self.chat is None else self._store.chats.get(self.chat)

    def path(self) -> list[Placed]:
        return [] if self.chat is None else self._store.tree.path(self.chat)

    @property
    def settings(self) -> Settings:
        about = self.about()
        return about.settings if about else self._new_settings

    def set_settings(self, settings: Settings) -> None:
        if self.chat is None:
            self._new_settings = settings
        else:
            self._store.chats.set_settings(self.chat, settings)
        self.settled.emit()

    @property
    def model(self) -> str:
        return self.settings.model or self._models.default

    # --- drafts -------------------------------------------------------------------------------------------

    def draft(self) -> str:
        about = self.about()
        return about.draft if about else self._store.chats.kept(self._new_draft)

    def keep_draft(self, text: str) -> None:
        if self.chat is None:
            self._store.chats.keep(self._new_draft, text)
        else:
            self._store.chats.set_draft(self.chat, text)

    def draft_files(self) -> tuple[File, ...]:
        return self._store.files.draft(self.chat)

    def keep_draft_files(self, files: Sequence[File]) -> None:
        self._store.files.set_draft(self.chat, files)

    # --- saying -------------------------------------------------------------------------------------------

    def send(self, text: str, files: Sequence[File] = ()) -> None:
        """Say it at the end of the shown branch and have it answered."""
        if self.answering():
            return
        draft_of, path = self.chat, self.path()
        chat = self.chat if self.chat is not None else self._begin(_title(text, files))
        self._store.tree.say(chat, path[-1].message.id if path else None, text, files)
        self._forget_draft(draft_of)
        self._answer()

    def demonstrate(self, text: str) -> None:
        """In a chat that asks the demonstration; the next one asks whom it would have asked."""
        if self.chat is not None:
            return
        before = self._new_settings
        self._new_settings = replace(before, model=BUILTIN)
        self.send(text)
        self._new_settings = before

    def _forget_draft(self, chat: int | None) -> None:
        """Only now, when what was said is on disk."""
        if chat is not None or self._new_draft == _NEW_DRAFT:  # files of a new chat's draft are the window's
            self._store.files.set_draft(chat, ())
        if chat is None:
            self._store.chats.keep(self._new_draft, "")
        else:
            self._store.chats.set_draft(chat, "")

    def edit(self, message: int, text: str, files: Sequence[File] = ()) -> None:
        """Say something else in its place: a new branch."""
        if self.answering():
            return
        before = self._store.tree.get(message)
        self._store.tree.say(before.chat, before.parent, text, files)
        if before.parent is None:
            self._store.chats.suggest_title(before.chat, _title(text, files))
        self._answer()

    def again(self, message: int, *, harder: bool = False) -> None:
        """Another answer beside this one, or the first to a question; harder: a step up from it, to a larger set or a
        stricter mode.
        """
        if self.answering():
            return
        last = self._store.tree.get(message)
        question = last.id if last.role is Role.USER else last.parent
        path = self.path()
        at = next((number for number, placed in enumerate(path) if placed.message.id == question), None)
        if at is not None:
            self._ask(path[: at + 1], harder=_steps(last) + 1 if harder else 0)

    def walk(self, message: int, step: int) -> None:
        siblings = self._store.tree.siblings(message)
        at = siblings.index(message) + step
        if 0 <= at < len(siblings):
            self._store.tree.show(siblings[at])
            self.path_changed.emit()

    def delete(self, message: int) -> bool:
        """It and what followed it are hidden; not while an answer is written."""
        if self.answering():
            return False
        self._store.tree.delete(message)
        self._changed()
        return True

    def undelete(self, message: int) -> None:
        self._store.tree.restore(message)
        self._changed()

    def _changed(self) -> None:
        self.path_changed.emit()
        self.listed.emit()

    def stop(self) -> None:
        answer = self._answers.running_in(self.chat) if self.chat is not None else None
        if answer is not None:
            self._answers.stop(answer.message.id)

    def answering(self) -> bool:
        return self.chat is not None and self._answers.running_in(self.chat) is not None

    def _begin(self, text: str) -> int:
        chat = self._store.chats.add(settings=self._new_settings)
        self._store.chats.suggest_title(chat.id, text)
        self.chat = chat.id
        return chat.id

    def _answer(self) -> None:
        self._ask(self.path())

    def _ask(self, path: list[Placed], *, harder: int = 0) -> None:
        self._answers.ask(path, self.settings, self.model, harder, self._priority)
        self.path_changed.emit()
        self.listed.emit()


def _title(text: str, files: Sequence[File]) -> str:
    return text or next((file.name for file in files), "")


def _steps(answer: Message) -> int:
    """How many steps up it was already."""
    budget = (answer.record or {}).get("budget")
    steps = budget.get("harder") if isinstance(budget, dict) else None
    return steps if isinstance(steps, int) else 0
