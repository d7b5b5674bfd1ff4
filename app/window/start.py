"""Starts and ends the desktop app: Qt, the store, the engine's line, the window. The only place that knows them all."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QLockFile, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from app.audio.devices import Microphones
from app.cli.session import ENGINE_KINDS
from app.desktop import doorbell
from app.desktop.parts import Parts, here
from app.dictation.tidier import tidier
from app.store.store import Store
from app.window import theme
from app.window.answers import Answers
from app.window.dictation.desk import DictationDesk
from app.window.dictation.dictating import Dictating
from app.window.engine_line import EngineLine
from app.window.looks import Looks
from app.window.main_window import MainWindow
from app.window.models import Models
from app.window.models_page.downloads import Downloads
from app.window.models_page.page import ModelsPage
from app.window.preferences import Preferences
from app.window.quick.resident import Resident
from app.window.reading_aloud import ReadingAloud
from app.window.settings.page import SettingsWindow
from app.window.token_counts import TokenCounts
from engine import logs, private
from engine.errors import KnownError
from engine.link import Engine, ProcessEngine
from engine.models import places

_WARM_MS = 800
"""After the window stands; then what the first code will need is imported."""
_RUNNING = "running"
"""Kept in the store while the app runs; found at a start, it means that nobody took it away."""
log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
}


class Desktop:
    """Everything that lives as long as the app, made in order and closed in reverse."""

    def __init__(
        self,
        store: Store,
        make_engine: Callable[[], Engine],
        models: Models,
        parts: Parts | None = None,
        microphones: Microphones | None = None,
    ) -> None:
        self.store = store
        self.parts = parts or here()
        self.preferences = Preferences()
        self.looks = Looks(self.preferences)
        self.line = EngineLine(make_engine)
        self.answers = Answers(store, self.line, memory=lambda: self.preferences.memory)
        self.models = models
        self.window = MainWindow(store, self.answers, self.models)
        self.answers.sense = self.window.pane.senses.sense
        counts = TokenCounts(self.line, self.window)
        self.window.pane.seeing.count(counts)
        self.aloud = ReadingAloud(self.answers, self.preferences, self.line, self.parts.voice, self.parts.loudspeaker)
        self._connect_aloud()
        self.downloads = Downloads()
        self.models_page = ModelsPage(models, self.downloads, self.window)
        self.settings: SettingsWindow | None = None
        self.resident = Resident(self.window, store, self.answers, models, self.preferences, self.parts)
        self.resident.prompt.seeing.count(counts)
        self.dictation = self._made_dictation(microphones)
        self._connect()
        self.window.open_chat(None)
        self.models.refresh()
        self._warm = threading.Thread(target=_import_late, name="cadre-warm-up", daemon=True)
        self._later = QTimer(self.window, singleShot=True, interval=_WARM_MS)
        self._later.timeout.connect(self._warm.start)
        self._later.timeout.connect(self.downloads.go_on)
        self._later.start()
        self._tell_of_the_last_end()
        self.dictation.recover()

    def _made_dictation(self, microphones: Microphones | None) -> DictationDesk:
        """Dictation and reading aloud know of each other here only: who dictates is not read to."""
        dictating = Dictating(
            self.line,
            self.store,
            self.preferences,
            self.parts,
            self.window,
            microphones,
            tidier=lambda: tidier(self.models.default, self.models.installed),
        )
        dictating.begins.connect(self.aloud.stop)
        self.aloud.changed.connect(lambda: dictating.deafen(deaf=self.aloud.message is not None))
        desk = DictationDesk(
            dictating, self.window, self.resident.panel, self.store, self.models, self.preferences, self.parts
        )
        self.resident.dictation_wanted.connect(desk.call)
        self.resident.sign.insert_last_wanted.connect(dictating.delivering.insert_last)
        return desk

    def _connect(self) -> None:
        self.resident.leave.connect(self.leave)
        self.resident.hotkey_told.connect(self._tell_hotkey)
        self.dictation.keys_told.connect(self._tell_keys)
        self.window.prompt_wanted.connect(self.resident.prompt.open)
        self.window.quit_wanted.connect(self.leave)
        self.window.text_size_wanted.connect(self.preferences.step_text)
        self.window.models_wanted.connect(self._show_models)
        self.window.settings_wanted.connect(self.show_settings)
        self.models_page.first.connect(self.window.pane.empty.offer)
        self.models_page.refused.connect(self.window.pane.notice.tell)
        self.models_page.used.connect(lambda model: self.store.chats.keep("model", model))
        self.models_page.voice_used.connect(lambda model: self.preferences.set(voice=model))
        self.models_page.recogniser_used.connect(lambda model: self.preferences.set(recogniser=model))
        self.preferences.changed.connect(self._show_speech)
        self._show_speech()
        self.downloads.arrived.connect(self._tell_arrival)

    def _connect_aloud(self) -> None:
        aloud, transcript = self.aloud, self.window.pane.transcript
        transcript.read_aloud.connect(self._switch_reading)
        aloud.changed.connect(lambda: transcript.show_aloud(aloud.message))
        aloud.failed.connect(lambda error: self.window.pane.notice.tell(str(error)))
        self.window.silence_wanted.connect(aloud.stop)

    def _switch_reading(self, message: int) -> None:
        if self.aloud.message == message:
            self.aloud.stop()
            return
        running = self.answers.running(message)
        self.aloud.read(message, running.text if running else self.answers.written(message)[0])

    def _tell_of_the_last_end(self) -> None:
        """Says so when it came without warning."""
        window, kept = self.window, self.store.chats
        ended_badly = kept.kept(_RUNNING) == "1" or self.store.recovered
        kept.keep(_RUNNING, "1")
        if ended_badly:
            window.open_as_before()
            words = (
                window.tr("Cadre ended unexpectedly while it answered. What was written is kept.")
                if self.store.recovered
                else window.tr("Cadre ended unexpectedly. Nothing that was written is lost.")
            )
            window.pane.notice.tell(words, window.tr("Show Log"), window.show_log, stays=True)

    def _show_speech(self) -> None:
        now = self.preferences.now
        self.models_page.show_speech({now.voice, now.recogniser} - {""})

    def _show_models(self) -> None:
        self.models_page.show()
        self.models_page.raise_()
        self.models_page.activateWindow()

    def show_settings(self) -> None:
        """Made anew each time, so that it has the measures of the text as it is now."""
        if self.settings is not None and self.settings.isVisible():
            self.settings.raise_()
            self.settings.activateWindow()
            return
        self._drop_settings()
        tray = QSystemTrayIcon.isSystemTrayAvailable()
        devices = self.dictation.dictating.devices
        self.settings = shown = SettingsWindow(
            self.preferences, self.models, self.parts, tray=tray, devices=devices, parent=self.window
        )
        shown.model_chosen.connect(self.choose_model)
        shown.network_switched.connect(self._switch_network)
        shown.log_wanted.connect(self.window.show_log)
        shown.explain_hotkey(self.resident.hotkey_trouble)
        shown.dictation.explain_keys(self.dictation.trouble)
        shown.show()

    def _tell_hotkey(self, trouble: str) -> None:
        if self.settings is not None:
            self.settings.explain_hotkey(trouble)

    def _tell_keys(self) -> None:
        if self.settings is not None:
            self.settings.dictation.explain_keys(self.dictation.trouble)

    def leave(self) -> None:
        """Ends the app; what is open is closed by `close`."""
        QApplication.quit()

    def _drop_settings(self) -> None:
        if self.settings is not None:
            self.settings.close()
            self.settings.deleteLater()
            self.settings = None

    def choose_model(self, model: str) -> None:
        """What new chats are asked with."""
        self.models.choose(model)
        self.store.chats.keep("model", model)

    def _switch_network(self, allowed: bool) -> None:
        """The window of models knows what has to pause."""
        self.models_page.switch_network(allowed)
        self.preferences.read()

    def _tell_arrival(self, repository: str) -> None:
        """Chats are asked with it when the person says so, or when there was nothing else."""
        words = self.window.tr("{name} is here.").format(name=repository)
        self.window.pane.notice.tell(words, self.window.tr("Show"), self._show_models)

    def close(self) -> None:
        self.dictation.close()
        self.resident.close()
        self.aloud.close()
        self.window.close()
        self.window.pane.close_threads()
        self._drop_settings()
        self.models_page.end()
        self.downloads.close()
        self._later.stop()
        if self._warm.is_alive():
            self._warm.join()
        self.answers.close()
        self.line.close()
        self.models.close()
        self.window.deleteLater()
        self.looks.end()
        self.looks.deleteLater()
        self.store.chats.keep(_RUNNING, "")
        self.store.close()


def run(model: str = "", *, background: bool = False, quick: bool = False) -> int:
    """The app, until it is ended. A second start asks the first for its window, or for the quick prompt, and is done.

    background: without the window, where the menu bar has a place for Cadre. quick: with the quick prompt.

    Raises:
        KnownError: the chats cannot be opened, or Cadre is open already.
    """
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Cadre")
    application.setApplicationDisplayName("Cadre")
    application.setDesktopFileName("cadre")
    if sys.platform != "darwin":  # there the bundle has it, in three looks
        application.setWindowIcon(QIcon(str(places.resources() / "app_icon" / "light.svg")))
    qInstallMessageHandler(_log_qt)
    theme.dress()
    application.setQuitOnLastWindowClosed(False)
    make_engine = engine_maker()
    try:
        alone = only_one()
    except KnownError:
        if doorbell.ring(doorbell.QUICK if quick else doorbell.SHOW):
            return 0
        raise
    store = Store()
    desktop = Desktop(store, make_engine, Models(model or store.chats.kept("model")))
    desktop.resident.bell.start()
    if quick:
        desktop.resident.prompt.open()
    elif not (background and desktop.resident.stays):
        desktop.window.show()
    sys.excepthook = bug_hook(desktop)
    with_signals = _let_signals_in(application)
    try:
        return application.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        with_signals.stop()
        desktop.close()
        alone.unlock()


def engine_maker() -> Callable[[], Engine]:
    """A process of its own, whose death the app survives; CADRE_ENGINE chooses otherwise.

    Raises:
        KnownError: there is no such kind.
    """
    kind = os.environ.get("CADRE_ENGINE")
    if kind and kind not in ENGINE_KINDS:
        raise KnownError(f"CADRE_ENGINE is {kind!r}, and only thread and process exist.", "Set one of them, or none.")
    return ENGINE_KINDS[kind] if kind else ProcessEngine


def only_one() -> QLockFile:
    """Two windows would write one draft. A lock whose owner died does not count.

    Raises:
        KnownError: another window has it.
    """
    lock = QLockFile(str(private.home() / "app.lock"))
    if not lock.tryLock(100) and lock.error() is QLockFile.LockError.LockFailedError:
        raise KnownError("Cadre is open already.", "Look for its window; `cadre app --terminal` works beside it.")
    return lock


def bug_hook(desktop: Desktop) -> Callable[[type[BaseException], BaseException, TracebackType | None], None]:
    """A bug is logged whole and told; the window goes on, and what was written is on disk."""

    def told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("a bug", exc_info=(kind, error, trace))
        window = desktop.window
        words = window.tr("Something went wrong inside Cadre; this is a bug. The log has the details: {path}")
        window.pane.notice.tell(words.format(path=logs.path()))

    return told


def _let_signals_in(application: QApplication) -> QTimer:
    """Ctrl-C in the terminal that started the app ends it; Python sees signals only between its own steps."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.quit())
    timer = QTimer(application, interval=500)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer


def _log_qt(kind: QtMsgType, _context: object, complaint: str) -> None:
    log.log(_LEVELS.get(kind, logging.ERROR), "Qt: %s", complaint)


def _import_late() -> None:
    from app.window.transcript.highlight import pieces

    pieces("x = 1", "python", dark=False)
