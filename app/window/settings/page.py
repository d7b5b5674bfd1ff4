"""The window of settings. Every change holds at once; there is nothing to confirm. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.audio.devices import Device
from app.desktop.login import LoginItem
from app.desktop.parts import Parts
from app.numbers import size
from app.settings import SPEAKING_SPEEDS, TEXT_SIZES
from app.voice import choices as voices
from app.window import theme
from app.window.models import Models
from app.window.preferences import Preferences
from app.window.settings.contacts import contacts
from app.window.settings.dictation import DictationSettings
from app.window.settings.group import Group
from engine import private
from engine.budget import footprint
from engine.errors import KnownError
from engine.models import places

_GIGABYTES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


class SettingsWindow(QDialog):
    """model_chosen: what new chats are asked with. network_switched: whether Cadre may contact anything.
    log_wanted: the person wants to see the log. tray: whether this desktop has a place for Cadre's sign.
    """

    model_chosen = Signal(str)
    network_switched = Signal(bool)
    log_wanted = Signal()

    def __init__(
        self,
        preferences: Preferences,
        models: Models,
        parts: Parts,
        *,
        tray: bool,
        devices: Callable[[], Iterable[Device]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences, self._models, self._parts, self._tray = preferences, models, parts, tray
        self.setWindowTitle(self.tr("Settings"))
        self.resize(theme.scaled(580), 680)
        self.setMinimumSize(420, 320)
        self._devices = devices
        self._words = QLabel(self)
        self._words.setWordWrap(True)
        self._words.hide()
        self._lay_out([self._looks(), self._answers(), self._quick(), self._dictation(), self._network(), self._data()])
        self._connect()
        self._fill()

    def _lay_out(self, groups: list[Group]) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 16, 20, 20)
        column.setSpacing(20)
        for group in groups:
            column.addWidget(group)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll = scroll
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._words.setContentsMargins(20, 12, 20, 0)
        whole.addWidget(self._words)
        whole.addWidget(scroll, 1)

    # --- what there is ------------------------------------------------------------------------------------

    def _looks(self) -> Group:
        group = Group(self.tr("General"), self)
        self.appearance = QComboBox(self)
        for value, words in (
            ("system", self.tr("As the System")),
            ("light", self.tr("Light")),
            ("dark", self.tr("Dark")),
        ):
            self.appearance.addItem(words, value)
        self.text_size = QComboBox(self)
        for per_cent in TEXT_SIZES:
            self.text_size.addItem(f"{per_cent} %", per_cent)
        self.login, self.stays = QCheckBox(self), QCheckBox(self)
        group.row(self.tr("Appearance"), "", self.appearance)
        group.row(
            self.tr("Text size"),
            self.tr("Of the system's own size. Panels of a fixed width follow at the next start."),
            self.text_size,
        )
        about = self.tr(
            "Its sign shows what goes on and opens the quick prompt. Closing the window leaves Cadre running."
        )
        none = self.tr("This desktop has no place for such signs, so Cadre ends with its window.")
        self.stays.setEnabled(self._tray)
        group.row(self.tr("Stay in the menu bar"), about if self._tray else none, self.stays)
        about = self.tr("Without a window, in the menu bar. No model is opened before you ask something.")
        group.row(self.tr("Start when you log in"), about, self.login)
        return group

    def _answers(self) -> Group:
        group = Group(self.tr("Answers"), self)
        self.model, self.memory = QComboBox(self), QComboBox(self)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.setMinimumContentsLength(16)
        about = self.tr("What new chats and the quick prompt are asked with. A chat can have another.")
        group.row(self.tr("Model"), about, self.model)
        about = self.tr(
            "The most that Cadre may hold while it answers, model included. Automatic takes what other programs "
            "leave free, of {size} in all; less memory means fewer experts, and slower or worse answers."
        )
        group.row(self.tr("Memory"), about.format(size=size(footprint.total())), self.memory)
        self.read_aloud, self.voice, self.speed = QCheckBox(self), QComboBox(self), QComboBox(self)
        self.voice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.voice.setMinimumContentsLength(16)
        for per_cent in SPEAKING_SPEEDS:
            self.speed.addItem(f"{per_cent} %", per_cent)
        about = self.tr("As they are written. Escape stops it; code is named, not spelt.")
        group.row(self.tr("Read answers aloud"), about, self.read_aloud)
        self._voice_row = group.row(self.tr("Voice"), "", self.voice)
        group.row(self.tr("Speaking speed"), "", self.speed)
        return group

    def _quick(self) -> Group:
        group = Group(self.tr("Quick Prompt"), self)
        self.keys = QKeySequenceEdit(self)
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setFixedWidth(theme.letters(19))
        self.keys.setAccessibleName(self.tr("Key of the quick prompt"))
        self.keys.setEnabled(not self._parts.hotkey.why_not)
        self.hotkey = group.row(self.tr("Key"), "", self.keys)
        self.explain_hotkey("")
        return group

    def _dictation(self) -> Group:
        group = self._dictation_group = Group(self.tr("Dictation"), self)
        self.dictation = DictationSettings(group, self._preferences, self._models, self._parts, self._devices)
        return group

    def show_dictation(self) -> None:
        """What stands further down comes to the top."""
        self._scroll.verticalScrollBar().setValue(self._dictation_group.y() - 8)

    def explain_hotkey(self, trouble: str) -> None:
        """trouble: why the key that is set does not work; "" when it does."""
        works = self.tr("Opens a line over any program. Press the keys to set them, clear the field for none.")
        self.hotkey.explain(self._parts.hotkey.why_not or trouble or works)

    def _network(self) -> Group:
        group = Group(self.tr("Network"), self)
        self.never = QCheckBox(self)
        about = self.tr("Models that are here go on answering. Downloads wait.")
        group.row(self.tr("Never use the network"), about, self.never)
        self.contacts = group.text(self.tr("Every contact Cadre can make:") + "\n• " + "\n• ".join(contacts()))
        self.contacts.setFont(theme.small())
        return group

    def _data(self) -> Group:
        group = Group(self.tr("Your Data"), self)
        log = QPushButton(self.tr("Show Log"), self)
        folder = QPushButton(self._parts.show_folder_words, self)
        folder.clicked.connect(self._show_folder)
        log.clicked.connect(self.log_wanted)
        for button in (folder, log):
            button.setAutoDefault(False)
        both = QWidget(self)
        both.setAccessibleName(self.tr("Where data lies"))
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(log)
        row.addWidget(folder)
        about = self.tr("Chats, settings and logs, readable by you only. No chat text stands in a log.\n{path}")
        group.row(self.tr("Kept here only"), about.format(path=places.home()), both)
        return group

    # --- what is set --------------------------------------------------------------------------------------

    def _connect(self) -> None:
        set_ = self._preferences.set
        self.appearance.activated.connect(lambda _: set_(appearance=self.appearance.currentData()))
        self.text_size.activated.connect(lambda _: set_(text_size=self.text_size.currentData()))
        self.read_aloud.clicked.connect(lambda checked: set_(read_aloud=checked))
        self.voice.activated.connect(lambda _: set_(voice=self.voice.currentData()))
        self.speed.activated.connect(lambda _: set_(speaking_speed=self.speed.currentData()))
        self.memory.activated.connect(lambda _: set_(memory=self.memory.currentData()))
        self.stays.clicked.connect(lambda checked: set_(stays=checked))
        self.login.clicked.connect(self._switch_login)
        self.model.activated.connect(lambda _: self.model_chosen.emit(self.model.currentData()))
        self.never.clicked.connect(lambda checked: self.network_switched.emit(not checked))
        self.keys.editingFinished.connect(self._set_keys)
        self._preferences.changed.connect(self._fill)
        self._preferences.refused.connect(self._tell)
        self._models.changed.connect(self._fill_models)
        self._models.changed.connect(self._fill_voices)
        self._models.changed.connect(self.dictation.fill_recognisers)
        self._models.changed.connect(self.dictation.fill_tidier)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 -- Qt's name
        super().showEvent(event)
        self._words.hide()
        self._preferences.read()
        self._fill()
        self.dictation.fill_devices()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 -- Qt's name
        super().hideEvent(event)
        self.dictation.flush()

    def _fill(self) -> None:
        now = self._preferences.now
        self.appearance.setCurrentIndex(max(0, self.appearance.findData(now.appearance)))
        _choose(self.text_size, now.text_size, f"{now.text_size} %")
        self.stays.setChecked(now.stays and self._tray)
        self.read_aloud.setChecked(now.read_aloud)
        self._fill_voices()
        _choose(self.speed, now.speaking_speed, f"{now.speaking_speed} %")
        self.login.setChecked(self._parts.login.is_on())
        self.never.setChecked(not now.network)
        self.keys.setKeySequence(QKeySequence.fromString(now.hotkey, QKeySequence.SequenceFormat.PortableText))
        self._fill_memory(now.memory)
        self._fill_models()
        self.dictation.fill()

    def _fill_memory(self, limit: int) -> None:
        self.memory.clear()
        self.memory.addItem(self.tr("Automatic"), 0)
        for gigabytes in _GIGABYTES:
            if gigabytes * 10**9 <= footprint.total():
                self.memory.addItem(f"{gigabytes} GB", gigabytes * 10**9)
        _choose(self.memory, limit, size(limit))

    def _fill_models(self) -> None:
        self.model.clear()
        for choice in self._models.choices():
            if not choice.problem:
                self.model.addItem(choice.name, choice.asked_as)
        self.model.setCurrentIndex(max(0, self.model.findData(self._models.default)))

    def _fill_voices(self) -> None:
        self.voice.clear()
        found = voices.choices(self._models.installed)
        for choice in found:
            self.voice.addItem(choice.name, choice.asked_as)
        chosen = self._preferences.now.voice
        _choose(self.voice, chosen, self.tr("{name} (not here)").format(name=chosen.rpartition("/")[2]))
        gone = self.tr("It is not installed any more; the system\u2019s voice reads instead.")
        about = next((choice.about for choice in found if choice.asked_as == chosen), gone)
        more = self.tr("A Pocket TTS, Soprano or Qwen3-TTS model, got in Models, can speak instead.")
        self._voice_row.explain(f"{about} {more}" if len(found) == 1 and not chosen else about)

    def _set_keys(self) -> None:
        keys = self.keys.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if keys != self._preferences.now.hotkey:
            self._preferences.set(hotkey=keys)

    def _switch_login(self, on: bool) -> None:
        login: LoginItem = self._parts.login
        try:
            login.turn(on=on)
        except KnownError as error:
            self._tell(error)
        self.login.setChecked(login.is_on())

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(private.home())))

    def _tell(self, error: KnownError) -> None:
        self._words.setText(str(error))
        self._words.show()
        self._fill()


def _choose(box: QComboBox, value: object, words: str) -> None:
    """A value from elsewhere is among the choices too."""
    if box.findData(value) < 0:
        box.addItem(words, value)
    box.setCurrentIndex(box.findData(value))
