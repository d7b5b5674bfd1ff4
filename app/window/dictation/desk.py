"""Dictation as a whole: who can begin it (keys, buttons, menus), the pill, Escape, the window of earlier ones.

Interface thread.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from app.desktop.chord import Chord
from app.desktop.parts import Parts
from app.dictation.key import Key, Wish
from app.dictation.shown import Do, Stage
from app.store.store import Store
from app.window.dictation import own_field
from app.window.dictation.dictating import Dictating
from app.window.dictation.history import HistoryWindow
from app.window.dictation.listing import length, moment
from app.window.dictation.own_field import Field
from app.window.dictation.pill import Pill
from app.window.main_window import MainWindow
from app.window.mic_button import MicButton
from app.window.models import Models
from app.window.preferences import Preferences
from app.window.quick.panel import QuickPanel
from engine.errors import KnownError

DICTATE, AGAIN = "dictation_key", "insert_last_key"
"""The keys, by the names of their settings."""
_ESCAPE = Chord(frozenset(), "Esc")
_Ends = Callable[[], None]


class DictationDesk(QObject):
    """keys_told: why keys do not work, may have changed; see `trouble`."""

    keys_told = Signal()

    def __init__(
        self,
        dictating: Dictating,
        window: MainWindow,
        panel: QuickPanel,
        store: Store,
        models: Models,
        preferences: Preferences,
        parts: Parts,
    ) -> None:
        super().__init__(window)
        self.dictating, self._window, self._panel = dictating, window, panel
        self._store, self._models, self._preferences, self._parts = store, models, preferences, parts
        self.pill = Pill()
        self.history: HistoryWindow | None = None
        self.trouble = {DICTATE: "", AGAIN: ""}
        self._listening: dict[str, tuple[str, _Ends]] = {}
        self._key = Key()
        self._field: Field | None = None
        self._unescape: _Ends = _nothing
        self._escapes = False
        self._buttons: list[tuple[MicButton, QPlainTextEdit]] = [
            (window.pane.composer.mic, window.pane.composer.field),
            (panel.mic, panel.field),
        ]
        self._connect()
        self._settle()

    def _connect(self) -> None:
        for button, field in self._buttons:
            button.clicked.connect(lambda _checked=False, field=field: self.toggle(field))
        self.dictating.showing.changed.connect(self._show)
        self.pill.pressed.connect(self._press)
        self._preferences.changed.connect(self._settle)
        self._window.dictation_wanted.connect(lambda: self.toggle(self._here()))
        self._window.dictations_wanted.connect(self.show_history)

    # --- keys ---------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """As the settings say now."""
        self._listen(DICTATE, self._down, self._up)
        self._listen(AGAIN, self._again, _nothing)
        self.keys_told.emit()

    def _listen(self, name: str, pressed: _Ends, released: _Ends) -> None:
        key = str(getattr(self._preferences.now, name))
        now, end = self._listening.get(name, ("", _nothing))
        if key == now and not self.trouble[name]:
            return
        end()
        self.trouble[name] = ""
        self._listening[name] = (key, _nothing)
        if key and not self._parts.hotkey.why_not:
            try:
                self._listening[name] = (key, self._parts.hotkey.listen(Chord.of(key), pressed, released))
            except KnownError as error:
                self.trouble[name] = str(error)

    def _down(self) -> None:
        self._key, wish = self._key.pressed(self.dictating.clock(), listening=self._is_listening())
        self._do(wish)

    def _up(self) -> None:
        self._key, wish = self._key.released(self.dictating.clock(), listening=self._is_listening())
        self._do(wish)

    def _again(self) -> None:
        """The last text once more, or while a tidied one is offered, that in its place."""
        if self.dictating.showing.now.stage is Stage.OFFERED:
            self.dictating.delivering.swap()
        else:
            self.dictating.delivering.insert_last()

    def _is_listening(self) -> bool:
        return self.dictating.showing.now.stage is Stage.LISTENING

    def _do(self, wish: Wish) -> None:
        if wish is Wish.BEGIN:
            self._begin(self._where())
        elif wish is Wish.END:
            self.dictating.end()

    def call(self) -> None:
        """Begins or ends it, where the person is."""
        self.toggle(self._where())

    def _where(self) -> Field | None:
        return self._here() if QApplication.activeWindow() is not None else None

    def _here(self) -> Field:
        """Where text goes while the person is in Cadre: the field they write in, else the message."""
        if QApplication.activeWindow() is self._panel:
            return self._panel.field
        return own_field.focused() or self._window.pane.composer.field

    def toggle(self, field: Field | None = None) -> None:
        """field: None for the program in front."""
        if self._is_listening():
            self.dictating.end()
        else:
            self._begin(field)

    def _begin(self, field: Field | None) -> None:
        self._field = field
        self.dictating.begin(field)

    # --- Escape -------------------------------------------------------------------------------------------

    def _watch_escape(self) -> None:
        """Over every program, while there is something to cancel and only then: other programs need the key."""
        wanted = self.dictating.showing.now.stage.is_busy or self.dictating.delivering.pasting.waits
        if wanted is self._escapes:
            return
        self._escapes = wanted
        application = QApplication.instance()
        assert application is not None
        if not wanted:
            application.removeEventFilter(self)
            self._unescape()
            self._unescape = _nothing
            return
        application.installEventFilter(self)
        if not self._parts.hotkey.why_not:
            try:
                self._unescape = self._parts.hotkey.listen(_ESCAPE, self.dictating.cancel, _nothing)
            except KnownError:  # another program has it: the pill's button is left
                self._unescape = _nothing

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        """Cadre's own windows, before anything else in them takes the key."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if escape and event.type() == QEvent.Type.KeyPress:
            self.dictating.cancel()
            return True
        return False

    # --- what is seen -------------------------------------------------------------------------------------

    def _show(self) -> None:
        shown = self.dictating.showing.now
        over = self._field if shown.here and self._field is self._window.pane.composer.field else None
        self.pill.show_state(shown, self._window.pane.composer if over is not None else None)
        if shown.stage is not Stage.HIDDEN and not self._raised:
            self._parts.panels.raise_over_all(int(self.pill.winId()))
        self._raised = shown.stage is not Stage.HIDDEN
        for button, field in self._buttons:
            mine = shown.stage is Stage.LISTENING and shown.here and field is self._field
            button.show_listening(listening=mine, level=shown.level)
        self._watch_escape()

    _raised = False

    def _press(self, do: Do) -> None:
        {
            Do.END: self.dictating.end,
            Do.CANCEL: self.dictating.cancel,
            Do.HIDE: self.dictating.showing.hide,
            Do.RETRY: self._retry,
            Do.SWAP: self.dictating.delivering.swap,
            Do.AS_SPOKEN: self.dictating.delivering.swap,
            Do.SHOW: self._show_failed,
            Do.ALLOW: self._parts.microphone.open_settings,
        }[do]()

    def _retry(self) -> None:
        try:
            self.dictating.retry_last()
        except KnownError as error:
            self._window.pane.notice.tell(str(error))

    def _show_failed(self) -> None:
        failed = self.dictating.failed
        self.dictating.showing.hide()
        self.show_history()
        if self.history is not None and failed:
            self.history.choose(failed)

    # --- earlier ones -------------------------------------------------------------------------------------

    def show_history(self) -> None:
        """Made anew each time, so that it has the measures of the text as it is now."""
        if self.history is None or not self.history.isVisible():
            self._drop_history()
            self.history = HistoryWindow(self._store, self.dictating, self._models, self.hint(), self._window)
            self.history.show()
        self.history.raise_()
        self.history.activateWindow()

    def hint(self) -> str:
        """How one dictates, as the settings are now."""
        key = self._preferences.now.dictation_key
        if not key or self._parts.hotkey.why_not or self.trouble[DICTATE]:
            return self.tr("Press the microphone beside the message and speak.")
        shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        return self.tr("Hold {key} in any program and speak. The text comes at the cursor.").format(key=shown)

    def recover(self) -> None:
        """At the start: what the last run's end cut off is offered."""
        found = self.dictating.recover()
        if not found:
            return
        last = found[-1]
        words = self.tr("A recording of {length} from {moment} was not written down.").format(
            length=length(last.seconds), moment=moment(last.created)
        )
        if len(found) > 1:
            words = self.tr("{count} recordings were not written down.").format(count=len(found))

        def write_down() -> None:
            for one in found:
                self.dictating.retry(one.id)
            self.show_history()
            if self.history is not None:
                self.history.choose(last.id)

        self._window.pane.notice.tell(words, self.tr("Write It Down"), write_down, stays=True)

    def _drop_history(self) -> None:
        if self.history is not None:
            self.history.end()
            self.history.deleteLater()
            self.history = None

    def close(self) -> None:
        """With the app: no key is taken, nothing stays on the screen."""
        self.dictating.showing.changed.disconnect(self._show)
        for _key, end in self._listening.values():
            end()
        self._listening.clear()
        self._unescape()
        if (application := QApplication.instance()) is not None:
            application.removeEventFilter(self)
        self._drop_history()
        self.dictating.close()
        self.pill.end()
        self.pill.deleteLater()


def _nothing() -> None:
    return
