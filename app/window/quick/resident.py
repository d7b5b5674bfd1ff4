"""Cadre without its window: the sign in the menu bar, the quick prompt and its key, who rings, when all of it ends."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from app.desktop import doorbell
from app.desktop.chord import Chord
from app.desktop.held import held
from app.desktop.parts import Parts
from app.store.store import Store
from app.view import View
from app.window.answers import Answers
from app.window.listening import Listening
from app.window.main_window import MainWindow
from app.window.models import Models
from app.window.preferences import Preferences
from app.window.quick.panel import QuickPanel
from app.window.quick.prompt import QuickPrompt
from app.window.quick.sign import Sign
from engine.errors import KnownError

_LOOK_MS = 30_000
"""Between two looks at the memory while nothing is answered: the engine gives back what lies idle."""


class Resident(QObject):
    """leave: nothing of Cadre is to be seen and nothing keeps it. hotkey_told: why the key does not work, or "".
    dictation_wanted: into the program in front, or the end of it.
    """

    leave = Signal()
    hotkey_told = Signal(str)
    dictation_wanted = Signal()

    def __init__(
        self,
        window: MainWindow,
        store: Store,
        answers: Answers,
        models: Models,
        preferences: Preferences,
        parts: Parts,
    ) -> None:
        super().__init__(window)
        self._window, self._answers, self._models = window, answers, models
        self._preferences, self._parts = preferences, parts
        self.panel = QuickPanel(window.pane.transcript.typesetter)
        self.prompt = QuickPrompt(self.panel, store, answers, models, parts, window.pane.senses, self)
        self.sign = Sign(self)
        self.bell = Listening(self)
        self.hotkey_trouble = ""
        self._key, self._unlisten = "", _nothing
        self._let_nap: Callable[[], None] | None = None
        self._last: tuple[View, str] | None = None
        self._look = QTimer(self, interval=_LOOK_MS)
        self._look.timeout.connect(self._show_state)
        self._ending = False
        self._connect()
        self._settle()

    def _connect(self) -> None:
        self._window.installEventFilter(self)
        self.prompt.continued.connect(self._continue)
        self.prompt.hidden.connect(self._leave_if_unseen)
        self.prompt.listed.connect(self._window.sidebar.refresh)
        self.prompt.models_wanted.connect(self._get_models)
        self.sign.prompt_wanted.connect(self.prompt.open)
        self.sign.window_wanted.connect(self.show_window)
        self.sign.dictation_wanted.connect(self.dictation_wanted)
        self.sign.stop_wanted.connect(self._stop)
        self.sign.menu.aboutToShow.connect(self._show_state)
        self.sign.quit_wanted.connect(self._window.quit_wanted)
        self.sign.settings_wanted.connect(self._window.settings_wanted)
        self.bell.rang.connect(self._rung)
        self._answers.began.connect(self._began)
        self._answers.moved.connect(self._moved)
        self._answers.ended.connect(self._ended)
        self._answers.engine_stopped.connect(self._engine_gone)
        self._preferences.changed.connect(self._settle)
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.applicationStateChanged.connect(self._came_to_front)

    # --- what is there ------------------------------------------------------------------------------------

    @property
    def stays(self) -> bool:
        """Without any window too: only where it can be seen and ended."""
        return self._preferences.now.stays and QSystemTrayIcon.isSystemTrayAvailable()

    def _settle(self) -> None:
        """As the settings say now."""
        self.sign.set_visible(visible=self.stays)
        if self._preferences.now.hotkey != self._key or self.hotkey_trouble:
            self._listen(self._preferences.now.hotkey)
        self._show_in_dock()

    def _listen(self, key: str) -> None:
        self._unlisten()
        self._key, self._unlisten, self.hotkey_trouble = key, _nothing, ""
        if key and not self._parts.hotkey.why_not:
            try:
                self._unlisten = self._parts.hotkey.listen(Chord.of(key), self.prompt.toggle, _nothing)
            except KnownError as error:
                self.hotkey_trouble = str(error)
        self.hotkey_told.emit(self.hotkey_trouble)

    def _show_in_dock(self) -> None:
        self._parts.dock.show(shown=self._window.isVisible() or not self.stays)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        """The window came or went."""
        if watched is self._window and event.type() in {QEvent.Type.Show, QEvent.Type.Hide} and not self._ending:
            self._show_in_dock()
            if event.type() == QEvent.Type.Hide:
                self._leave_if_unseen()
        return False

    def _leave_if_unseen(self) -> None:
        """An answer under way is finished first."""
        seen = self.stays or self._window.isVisible() or self.panel.isVisible()
        if not seen and self._answers.latest() is None and not self._ending:
            self.leave.emit()

    # --- being called -------------------------------------------------------------------------------------

    def show_window(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def _rung(self, word: str) -> None:
        if word == doorbell.QUICK:
            self.prompt.open()
        elif word == doorbell.DICTATE:
            self.dictation_wanted.emit()
        else:
            self.show_window()

    def _came_to_front(self, state: Qt.ApplicationState) -> None:
        """By the Dock, or by starting Cadre again: with nothing to see, the window comes."""
        anything = any(window.isVisible() for window in QGuiApplication.topLevelWindows())
        if state is Qt.ApplicationState.ApplicationActive and not anything and not self._ending:
            self.show_window()

    def _continue(self, chat: int) -> None:
        self.show_window()
        self._window.open_chat(chat)

    def _get_models(self) -> None:
        self.show_window()
        self._window.models_wanted.emit()

    # --- answers ------------------------------------------------------------------------------------------

    def _began(self, _message: int) -> None:
        if self._let_nap is None:
            self._let_nap = self._parts.awake.hold("an answer is being written")
        self._show_state()

    def _moved(self, message: int) -> None:
        answer = self._answers.running(message)
        if answer is not None:
            self._last = (answer.view, answer.model)
        self._show_state()

    def _ended(self, message: int) -> None:
        seen = self._answers.seen(message)
        if seen is not None and seen[0].memory is not None and self.stays:
            self._look.start()
        if self._answers.latest() is None:
            self._nap()
            self._leave_if_unseen()
        self._show_state()

    def _nap(self) -> None:
        if self._let_nap is not None:
            self._let_nap()
            self._let_nap = None

    def _engine_gone(self, _sentence: str) -> None:
        """What it held is gone with it."""
        self._last = None
        self._look.stop()
        self._show_state()

    def _show_state(self) -> None:
        running = self._answers.latest()
        if running is not None:
            self.sign.show_answer(running.view, self._models.name(running.model))
        elif self._last is not None:
            view, model = self._last
            limit = max(view.memory.limit, view.memory.promised) if view.memory is not None else 0
            self.sign.show_idle(self._models.name(model), held(), limit)
        else:
            self.sign.show_idle()

    def _stop(self) -> None:
        running = self._answers.latest()
        if running is not None:
            self._answers.stop(running.message.id)

    def close(self) -> None:
        """With the app: no key is taken, nobody can ring, nothing stays on the screen."""
        self._ending = True
        self._look.stop()
        self._unlisten()
        self._nap()
        self.bell.close()
        self.prompt.inserting.end()
        self.sign.set_visible(visible=False)
        self.sign.menu.deleteLater()
        self.panel.attaching.close()
        self.panel.hide()
        self.panel.deleteLater()


def _nothing() -> None:
    return
