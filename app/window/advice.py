"""What is said of pictures and sounds before they are sent, and the line that says it. Deciding is pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QLocale, QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget

from app.window import theme
from app.window.buttons import word_button
from app.window.models import Choice
from app.window.senses import Sense

MOST_PICTURES, MOST_SOUNDS = 32, 8
"""Of one conversation, as the engine takes them; pages count too."""


@dataclass(frozen=True)
class Media:
    pictures: int = 0
    sounds: int = 0

    def __bool__(self) -> bool:
        return bool(self.pictures or self.sounds)


@dataclass(frozen=True)
class Advice:
    """holds: nothing is sent as it is. chooses: another model would help."""

    sentence: str = ""
    holds: bool = False
    chooses: bool = False


def advice(here: Media, earlier: Media, sense: Sense, model: str, tokens: int = 0) -> Advice:
    """here: what is to be sent, of so many tokens if known. earlier: what the conversation has. model: its name."""
    for sentence in _beyond(here, sense):
        return Advice(sentence.format(model=model), holds=True, chooses=True)
    for sentence in _too_many(here, earlier):
        return Advice(sentence, holds=True)
    if (earlier.pictures and sense.is_blind) or (earlier.sounds and sense.is_deaf):
        sentence = _tr("{model} cannot take all that was attached further up; it is told the names.")
        return Advice(sentence.format(model=model), chooses=True)
    return Advice(_takes(here, tokens) if tokens else "")


def _beyond(here: Media, sense: Sense) -> Iterator[str]:
    """What the model cannot take."""
    if here.pictures and sense.is_blind:
        yield _tr("{model} cannot see pictures: {why}.").replace("{why}", sense.why_blind)
    if here.sounds and sense.is_deaf:
        yield _tr("{model} cannot hear sounds: {why}.").replace("{why}", sense.why_deaf)


def _too_many(here: Media, earlier: Media) -> Iterator[str]:
    pictures, sounds = here.pictures + earlier.pictures, here.sounds + earlier.sounds
    if here.pictures and pictures > MOST_PICTURES:
        sentence = _tr("{n} pictures are too many for one conversation ({most}). Remove some or begin a new chat.")
        yield sentence.format(n=pictures, most=MOST_PICTURES)
    if here.sounds and sounds > MOST_SOUNDS:
        sentence = _tr("{n} recordings are too many for one conversation ({most}). Remove some or begin a new chat.")
        yield sentence.format(n=sounds, most=MOST_SOUNDS)


def _takes(here: Media, tokens: int) -> str:
    count = QLocale().toString(tokens)
    if here.pictures and here.sounds:
        return _tr("Pictures and recordings: {n} tokens").format(n=count)
    return (_tr("Pictures: {n} tokens") if here.pictures else _tr("Recordings: {n} tokens")).format(n=count)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Advice", text)


class AdviceLine(QWidget):
    """Hidden while there is nothing to say. chosen: this model, as it is asked. models_wanted: none is here."""

    chosen = Signal(str)
    models_wanted = Signal()
    said = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.advice = Advice()
        self._choices: Sequence[Choice] = ()
        self._words = QLabel(self)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setFont(theme.small())
        self.button = word_button("", parent=self)
        self.button.clicked.connect(self._act)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(theme.GRID)
        row.addWidget(self._words, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    def say(self, advice: Advice, choices: Sequence[Choice] = ()) -> None:
        """choices: the models that would do."""
        self.advice, self._choices = advice, choices
        self._words.setText(advice.sentence)
        self._words.setAccessibleName(advice.sentence)
        colours = theme.colours()
        self._words.setStyleSheet(f"color: {(colours.amber if advice.holds else colours.secondary).name()}")
        words = self._offer()
        self.button.say(words)
        self.button.setAccessibleName(words)
        self.button.setToolTip(words)
        self.button.setVisible(advice.chooses)
        self.setVisible(bool(advice.sentence))
        self.said.emit()

    def _offer(self) -> str:
        if not self._choices:
            return self.tr("Get a Model…")
        if len(self._choices) > 1:
            return self.tr("Choose a Model")
        return self.tr("Use {model}").format(model=self._choices[0].name.rpartition("/")[2])

    def _act(self) -> None:
        if not self._choices:
            self.models_wanted.emit()
        elif len(self._choices) == 1:
            self.chosen.emit(self._choices[0].asked_as)
        else:
            self.menu().popup(self.button.mapToGlobal(QPoint(0, self.button.height())))

    def menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for choice in self._choices:
            menu.addAction(choice.name, partial(self.chosen.emit, choice.asked_as))
        return menu
