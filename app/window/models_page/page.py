"""The window of models: downloads, what is here, what is recommended or found. Does what is asked; decides nothing.

Files and network are the tasks' and the downloads' threads' alone.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QScrollArea, QVBoxLayout, QWidget

from app import settings
from app.numbers import size
from app.window import tab_order, theme
from app.window.models import Models
from app.window.models_page import contents, words
from app.window.models_page.asking import Asking
from app.window.models_page.contents import Known, Note
from app.window.models_page.downloads import Downloads, hub_token
from app.window.models_page.edges import Bottom, Top
from app.window.models_page.section import Section
from app.window.models_page.tasks import Tasks
from engine.budget import footprint
from engine.errors import KnownError
from engine.models import care, places
from engine.models.catalogue import InstalledModel
from engine.models.download import token
from engine.models.download.listing import Found
from engine.models.download.names import repository
from engine.models.download.stopping import Stop
from engine.models.folders import Source
from engine.models.recommended import recommended, suited

_TELL_EVERY = 0.1
"""Seconds between two numbers of a check."""


class ModelsPage(QDialog):
    """vault: where the token is kept; asking: who is asked. Both have fakes. used: what new chats are asked with.
    voice_used, recogniser_used: what reads aloud and what writes down. first: what to offer who has no model yet, a
    Content or None. refused: a sentence for who does not see this page.
    """

    used = Signal(str)
    voice_used = Signal(str)
    recogniser_used = Signal(str)
    first = Signal(object)
    refused = Signal(str)

    def __init__(
        self,
        models: Models,
        downloads: Downloads,
        parent: QWidget | None = None,
        asking: Asking | None = None,
        vault: token.Vault | None = None,
    ) -> None:
        super().__init__(parent)
        self._models, self._downloads = models, downloads
        self._asking, self._vault = asking or Asking(), vault or token.Keychain()
        self._tasks = Tasks(self)
        self._checks: dict[str, Stop] = {}
        self._search: Stop | None = None
        self._known = Known(recommended=recommended(), memory=footprint.total())
        self.setWindowTitle(self.tr("Models"))
        self.resize(theme.scaled(640), 640)
        self.setMinimumSize(440, 360)
        self.top, self.bottom = Top(self), Bottom(self)
        self.coming = Section(self.tr("Downloads"), parent=self)
        self.here = Section(self.tr("Installed"), self.tr("Looking…"), self)
        self.offered = Section(self.tr("Recommended"), parent=self)
        self.found = Section(self.tr("Found on the Hub"), parent=self)
        self._lay_out()
        self._connect()
        self._take_models()

    def _lay_out(self) -> None:
        inner = QWidget()
        sections = QVBoxLayout(inner)
        sections.setContentsMargins(20, 4, 20, 20)
        sections.setSpacing(0)
        for section in (self.found, self.coming, self.offered, self.here):
            sections.addWidget(section)
        sections.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top)
        column.addWidget(scroll, 1)
        column.addWidget(self.bottom)

    def _connect(self) -> None:
        self.top.wanted.connect(self.search)
        self.top.left.connect(self.end_search)
        self.bottom.folder_wanted.connect(self.add_folder)
        self.bottom.token_wanted.connect(self.enter_token)
        self.bottom.network_switched.connect(self.switch_network)
        self._models.changed.connect(self._take_models)
        self._downloads.changed.connect(self._show)
        self._downloads.arrived.connect(lambda _name: self._models.refresh())
        self._downloads.progressed.connect(self._show_downloads)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)

    def end(self) -> None:
        """With the app. What is downloaded is the downloads' own business."""
        self.bottom.hush()
        self.close()
        self._tasks.close()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 -- Qt's name
        super().showEvent(event)
        self._models.refresh()
        self.bottom.show_network(allowed=settings.network_allowed())
        self.top.show_network(allowed=settings.network_allowed())
        self._take_models()

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 -- Qt's name
        tab_order.follow_layouts(self)
        return super().focusNextPrevChild(forward)

    # --- what is shown ------------------------------------------------------------------------------------

    def _take_models(self) -> None:
        found = tuple(model for model in self._models.installed if model.source is not Source.BUILTIN)
        free = _free_disk()
        best = suited(self._known.recommended, self._known.memory, free)
        default = self._models.default
        self._known = replace(
            self._known, installed=found, suited=best.repository if best else "", free=free, using=default,
        )  # fmt: skip
        nothing = self.tr("Nothing yet but the demonstration, which knows a few everyday requests.")
        self.here.say(nothing if self._models.ready else self.tr("Looking…"))
        self.here.name(self.tr("Installed · {size} free").format(size=size(free)))
        self._show()

    def _show(self) -> None:
        """Rows are only made for who sees them."""
        self._known = replace(self._known, queue=self._downloads.queue)
        self._show_downloads()
        if not self.isVisible():
            return
        self.here.show_rows(contents.installed(self._known, self))
        self.offered.show_rows(contents.recommended(self._known, self))
        self.found.show_rows(contents.found(self._known, self))

    def _show_downloads(self) -> None:
        known = replace(self._known, queue=self._downloads.queue)
        if self.isVisible():
            self.coming.show_rows(contents.downloads(known, self, self._downloads.going))
        self.first.emit(contents.first(known, self, self._downloads.going) if self._models.ready else None)

    def show_speech(self, chosen: Iterable[str]) -> None:
        """Paths of the voice and the recogniser that are in use."""
        self._known = replace(self._known, speaking=frozenset(chosen))
        self._show()

    def _note(self, model: InstalledModel, note: Note | None) -> None:
        notes = {key: value for key, value in self._known.notes.items() if key != str(model.path)}
        self._known = replace(self._known, notes=notes if note is None else notes | {str(model.path): note})
        self._show()

    def _tell(self, error: KnownError) -> None:
        if self.isVisible():
            self.bottom.say(str(error))
        else:
            self.refused.emit(str(error))

    # --- downloads ----------------------------------------------------------------------------------------

    def look(self) -> None:
        """What is here, and how much room there is."""
        self._models.refresh()

    def get(self, name: str) -> None:
        try:
            self._downloads.add(name)
        except KnownError as error:
            self._tell(error)

    def pause(self, name: str) -> None:
        self._downloads.pause(name)

    def resume(self, name: str) -> None:
        self._downloads.resume(name)

    def drop(self, name: str) -> None:
        job = self._downloads.job(name)
        if job is not None and not job.is_over and job.done > 0:
            sentence = self.tr("Cancel the download of {name}?").format(name=name)
            lost = self.tr("{size} that are here already are deleted. Pause keeps them.").format(size=size(job.done))
            if not self._asking.sure(self, sentence, lost, self.tr("Cancel Download")):
                return
        self._downloads.drop(name)

    # --- searching ----------------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """By name; the address of a model's page is a name too."""
        self.end_search()
        try:
            text = repository(text) if "://" in text else text
        except KnownError as error:
            self.found.say(str(error))
            return
        self.found.say(self.tr("Searching…"))

        def ask(stop: Stop) -> tuple[Found, ...]:
            from engine.models.download.hub import Hub
            from engine.models.download.retrying import Interrupted

            with Hub(token=hub_token, allowed=settings.network_allowed) as hub:
                try:
                    return hub.search(text, stop)
                except Interrupted as error:
                    raise KnownError(error.reason, "Check the network and search again.") from error

        self._search = self._tasks.do("search", ask, self._show_found, self._show_no_search)

    def _show_found(self, found: tuple[Found, ...]) -> None:
        self._known = replace(self._known, found=found)
        self.found.say("" if found else self.tr("The Hub has no MLX model of that name."))
        self._show()

    def _show_no_search(self, error: KnownError) -> None:
        self.found.say(str(error))

    def end_search(self) -> None:
        if self._search is not None:
            self._search.set()
            self._search = None
        self._known = replace(self._known, found=())
        self.found.say("")
        self._show()

    # --- what is here -------------------------------------------------------------------------------------

    def use(self, model: InstalledModel) -> None:
        """New chats are asked with it; in this one the person chooses. Of speech models: from now on."""
        if model.voice or model.speech:
            (self.voice_used if model.voice else self.recogniser_used).emit(str(model.path))
            return
        self._models.choose(str(model.path))
        self.used.emit(str(model.path))

    def verify(self, model: InstalledModel) -> None:
        told = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            stop.check()
            if time.monotonic() - told < _TELL_EVERY:
                return
            told = time.monotonic()
            reading = words.tr("Reading {done} of {total}").format(done=size(done), total=size(total))
            note = Note(reading, done / total if total else 0.0)
            self._tasks.tell(lambda: None if stop.is_set else self._note(model, note))

        self._note(model, Note(self.tr("Reading"), 0.0))
        stop = Stop()
        self._checks[str(model.path)] = stop
        self._tasks.do(
            "verify",
            lambda _own: care.verify(model, tell),
            lambda found: self._end_check(model, Note(words.verified(found), warns=not found.is_whole)),
            lambda error: self._end_check(model, Note(str(error), warns=True)),
            stop,
        )

    def stop_verifying(self, model: InstalledModel) -> None:
        if (stop := self._checks.pop(str(model.path), None)) is not None:
            stop.set()
        self._note(model, None)

    def _end_check(self, model: InstalledModel, note: Note) -> None:
        self._checks.pop(str(model.path), None)
        self._note(model, note)
        self._models.refresh()

    def delete(self, model: InstalledModel) -> None:
        """Gigabytes cannot wait for an undo to run out, so it asks."""
        if model.path.is_symlink():
            lost = self.tr("It is only taken off the list; the folder stays where it lies.")
        elif model.source is Source.HUGGING_FACE:
            lost = self.tr("{size} are freed. Other programs that use the Hugging Face cache lose it too.")
        else:
            lost = self.tr("{size} are freed. This cannot be undone.")
        sentence = self.tr("Delete {name}?").format(name=model.name)
        if self._asking.sure(self, sentence, lost.format(size=size(model.bytes)), self.tr("Delete")):
            self._tasks.do("delete", lambda _stop: care.delete(model), lambda _: self._models.refresh(), self._tell)

    def add_folder(self) -> None:
        folder = self._asking.folder(self)
        if folder is not None:
            self._tasks.do("add", lambda _stop: care.add_in_place(folder), lambda _: self._models.refresh(), self._tell)

    # --- the network --------------------------------------------------------------------------------------

    def enter_token(self) -> None:
        secret = self._asking.token(self)
        if secret:
            kept = self.tr("The token is in the keychain.")
            self._tasks.do(
                "token", lambda _stop: token.keep(secret, self._vault), lambda _: self.bottom.say(kept), self._tell
            )

    def switch_network(self, allowed: bool) -> None:
        try:
            settings.save(replace(settings.load(), network=allowed))
        except KnownError as error:
            self._tell(error)
        allowed = settings.network_allowed()
        self.bottom.show_network(allowed=allowed)
        self.top.show_network(allowed=allowed)
        if not allowed:
            self.end_search()
            for job in self._downloads.queue:
                self._downloads.pause(job.repository)


def _free_disk() -> int:
    folder = places.hugging_face()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
