"""The settings of dictation: keys, microphone, who writes it down, what becomes of the words, what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QLocale, QObject, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QCheckBox, QComboBox, QKeySequenceEdit, QPlainTextEdit

from app.audio.devices import Device
from app.desktop.parts import Parts
from app.dictation.keeping import FOR_GOOD
from app.dictation.recognisers import choices
from app.dictation.tidier import tidier
from app.window import theme
from app.window.models import Models
from app.window.preferences import Preferences
from app.window.settings.group import Group, Setting
from engine.errors import KnownError

DICTATE, AGAIN = "dictation_key", "insert_last_key"
LANGUAGES = ("en", "zh", "es", "hi", "ar", "fr", "de", "pt", "ru", "ja", "it", "nl", "pl", "tr", "ko", "sv", "uk", "vi")
"""Those that are asked for most; any other is found out."""
DAYS = (0, 1, 7, 30, 365, FOR_GOOD)
_TYPED_MS = 500


class DictationSettings(QObject):
    """Fills a group. devices: asked each time the window is shown; the list is that of now."""

    def __init__(
        self,
        group: Group,
        preferences: Preferences,
        models: Models,
        parts: Parts,
        devices: Callable[[], Iterable[Device]],
    ) -> None:
        super().__init__(group)
        self._preferences, self._models, self._parts, self._devices = preferences, models, parts, devices
        self._group = group
        self.keys: dict[str, QKeySequenceEdit] = {}
        self._key_rows: dict[str, Setting] = {}
        self._typing = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._make_keys()
        self._make_listening()
        self._make_words()
        self._make_text()
        self._connect()

    def _make_keys(self) -> None:
        for name, title in ((DICTATE, self.tr("Key")), (AGAIN, self.tr("Key to insert the last text again"))):
            edit = QKeySequenceEdit(self._group)
            edit.setMaximumSequenceLength(1)
            edit.setClearButtonEnabled(True)
            edit.setFixedWidth(theme.letters(19))
            edit.setAccessibleName(self.tr("Key of dictation") if name == DICTATE else title)
            edit.setEnabled(not self._parts.hotkey.why_not)
            self.keys[name] = edit
            self._key_rows[name] = self._group.row(title, "", edit)
        self.explain_keys({DICTATE: "", AGAIN: ""})

    def explain_keys(self, trouble: Mapping[str, str]) -> None:
        """trouble: why a key that is set does not work; "" when it does."""
        works = {
            DICTATE: self.tr(
                "Hold it while you speak, or press it once to begin and once to end. Escape cancels. Works in any "
                "program. Clear the field for no key."
            ),
            AGAIN: self.tr("At the cursor, in any program. Where a tidied text is offered, it takes its place."),
        }
        instead = self.tr(
            "Programs may not listen to keys here. In your desktop's settings, give one to: cadre dictate"
        )
        for name, row in self._key_rows.items():
            none = "" if not self._parts.hotkey.why_not else instead if name == DICTATE else self._parts.hotkey.why_not
            row.explain(none or trouble[name] or works[name])

    def _make_listening(self) -> None:
        self.microphone, self.recogniser, self.language = (self._box() for _ in range(3))
        self._microphone_row = self._group.row(self.tr("Microphone"), "", self.microphone)
        self._recogniser_row = self._group.row(self.tr("Written down by"), "", self.recogniser)
        about = self.tr("Found out by itself takes a moment longer. The embedded recogniser knows English only.")
        self._group.row(self.tr("Language"), about, self.language)

    def _box(self) -> QComboBox:
        box = QComboBox(self._group)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(16)
        return box

    def _make_words(self) -> None:
        self.own_words = QPlainTextEdit(self._group)
        self.own_words.setTabChangesFocus(True)
        self.own_words.setObjectName(theme.FRAMED)
        self.own_words.setPlaceholderText(self.tr("Priya Raghunathan\nmy street = 12 Rosenweg"))
        self.own_words.setFixedSize(theme.scaled(210), round(4.6 * theme.line_height()))
        about = self.tr("One a line: names and terms as they are spelt, or what you say = what is written instead.")
        self._group.row(self.tr("Your own words"), about, self.own_words)
        self.fillers, self.signs = QCheckBox(self._group), QCheckBox(self._group)
        self._group.row(self.tr("Leave out um and uh"), self.tr("In English."), self.fillers)
        about = self.tr("“comma”, “full stop”, “new line” become what they mean, in English.")
        self._group.row(self.tr("Spoken punctuation"), about, self.signs)
        self.tidy = QCheckBox(self._group)
        self._tidy_row = self._group.row(self.tr("Tidy what was dictated with the model"), "", self.tidy)

    def _make_text(self) -> None:
        self.copy_only, self.give_back = QCheckBox(self._group), QCheckBox(self._group)
        about = self.tr("You paste it yourself. What is dictated into Cadre's own fields still goes there.")
        self._group.row(self.tr("Only copy, never insert"), about, self.copy_only)
        about = self.tr("After the text was inserted, all that was on it before.")
        self._group.row(self.tr("Give the clipboard back"), about, self.give_back)
        self.keep = self._box()
        for days in DAYS:
            self.keep.addItem(self._days(days), days)
        about = self.tr(
            "On this disk, to try another recogniser. What could not be written down is kept until you delete it."
        )
        self._group.row(self.tr("Keep recordings"), about, self.keep)

    def _days(self, days: int) -> str:
        return {
            0: self.tr("Not at All"),
            1: self.tr("For a Day"),
            7: self.tr("For a Week"),
            30: self.tr("For a Month"),
            365: self.tr("For a Year"),
            FOR_GOOD: self.tr("Until I Delete Them"),
        }.get(days, self.tr("For {days} Days").format(days=days))

    # --- what is set --------------------------------------------------------------------------------------

    def _connect(self) -> None:
        set_ = self._preferences.set
        for name, edit in self.keys.items():
            edit.editingFinished.connect(lambda name=name: self._set_key(name))
        self.microphone.activated.connect(lambda _: set_(microphone=self.microphone.currentData()))
        self.recogniser.activated.connect(lambda _: set_(recogniser=self.recogniser.currentData()))
        self.language.activated.connect(lambda _: set_(spoken_language=self.language.currentData()))
        self.keep.activated.connect(lambda _: set_(keep_recordings=self.keep.currentData()))
        self.fillers.clicked.connect(lambda checked: set_(leave_out_fillers=checked))
        self.tidy.clicked.connect(lambda checked: set_(tidy_dictated=checked))
        self.signs.clicked.connect(lambda checked: set_(spoken_signs=checked))
        self.copy_only.clicked.connect(lambda checked: set_(copy_only=checked))
        self.give_back.clicked.connect(lambda checked: set_(give_clipboard_back=checked))
        self.own_words.textChanged.connect(self._typing.start)
        self._typing.timeout.connect(self.flush)

    def fill(self) -> None:
        now = self._preferences.now
        portable = QKeySequence.SequenceFormat.PortableText
        for name, edit in self.keys.items():
            edit.setKeySequence(QKeySequence.fromString(getattr(now, name), portable))
        self.fillers.setChecked(now.leave_out_fillers)
        self.signs.setChecked(now.spoken_signs)
        self.tidy.setChecked(now.tidy_dictated)
        self.fill_tidier()
        self.copy_only.setChecked(now.copy_only)
        self.give_back.setChecked(now.give_clipboard_back)
        self.give_back.setEnabled(not now.copy_only)
        if not self._typing.isActive() and self.own_words.toPlainText() != now.own_words:
            self.own_words.setPlainText(now.own_words)
        _choose(self.keep, now.keep_recordings, self._days(now.keep_recordings))
        self._fill_languages(now.spoken_language)
        self.fill_recognisers()

    def fill_recognisers(self) -> None:
        self.recogniser.clear()
        found = choices(self._models.installed)
        for choice in found:
            self.recogniser.addItem(choice.name, choice.asked_as)
        chosen = self._preferences.now.recogniser
        _choose(self.recogniser, chosen, self.tr("{name} (not here)").format(name=chosen.rpartition("/")[2]))
        about = next((choice.about for choice in found if choice.asked_as == chosen), "")
        more = self.tr("A Whisper or Parakeet model, got in Models, writes far better and with punctuation.")
        self._recogniser_row.explain(f"{about} {more}".strip() if len(found) == 1 else about)

    def fill_tidier(self) -> None:
        """It cannot be switched on without a model that can; off always."""
        model = tidier(self._models.default, self._models.installed)
        self.tidy.setEnabled(bool(model) or self.tidy.isChecked())
        none = self.tr("Choose a model of your own under Answers: the demonstration cannot do this.")
        about = self.tr("{name} sets punctuation and takes out slips, with no word of its own. What you said is kept.")
        self._tidy_row.explain(about.format(name=self._models.name(model)) if model else none)

    def fill_devices(self) -> None:
        """Asks the system, which takes a moment: when the window is shown."""
        names, about = list[str](), self.tr("When it goes, another one takes over in the same recording.")
        try:
            names = [device.name for device in self._devices()]
        except KnownError as error:
            about = str(error)
        self.microphone.clear()
        self.microphone.addItem(self.tr("As the System"), "")
        for name in dict.fromkeys(names):
            self.microphone.addItem(name, name)
        chosen = self._preferences.now.microphone
        _choose(self.microphone, chosen, self.tr("{name} (not here)").format(name=chosen) if names else chosen)
        self._microphone_row.explain(about)

    def _fill_languages(self, chosen: str) -> None:
        self.language.clear()
        self.language.addItem(self.tr("Found Out by Itself"), "")
        for code in sorted(LANGUAGES, key=_language):
            self.language.addItem(_language(code), code)
        _choose(self.language, chosen, _language(chosen))

    def _set_key(self, name: str) -> None:
        keys = self.keys[name].keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if keys != getattr(self._preferences.now, name):
            self._preferences.set(**{name: keys})

    def flush(self) -> None:
        """What was typed holds now."""
        self._typing.stop()
        words = self.own_words.toPlainText()
        if words != self._preferences.now.own_words:
            self._preferences.set(own_words=words)


def _language(code: str) -> str:
    return QLocale.languageToString(QLocale(code).language())


def _choose(box: QComboBox, value: object, words: str) -> None:
    """A value from elsewhere is among the choices too."""
    if box.findData(value) < 0:
        box.addItem(words, value)
    box.setCurrentIndex(box.findData(value))
