"""What is said of the pictures under a message before it is sent, and the line that says it. Deciding is pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QCoreApplication, QPoint, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget

from app.window import theme
from app.window.buttons import word_button
from app.window.models import Choice
from app.window.senses import Sense

MOST_PICTURES = 32
"""Of one conversation, as the engine takes them; pages count too."""


@dataclass(frozen=True)
class Advice:
    """holds: nothing is sent as it is. chooses: another model would help."""

    sentence: str = ""
    holds: bool = False
    chooses: bool = False


def advice(here: int, earlier: int, sense: Sense, model: str) -> Advice:
    """here: pictures that are to be sent; earlier: those of the conversation so far. model: its name."""
    if here and sense.is_blind:
        sentence = _tr("{model} cannot see pictures: {why}.").format(model=model, why=sense.why_blind)
        return Advice(sentence, holds=True, chooses=True)
    if here and here + earlier > MOST_PICTURES:
        sentence = _tr("{n} pictures are too many for one conversation ({most}). Remove some or begin a new chat.")
        return Advice(sentence.format(n=here + earlier, most=MOST_PICTURES), holds=True)
    if earlier and sense.is_blind:
        sentence = _tr("{model} cannot see the pictures further up; it is told their names.").format(model=model)
        return Advice(sentence, chooses=True)
    return Advice()


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
