"""One earlier dictation, whole: its text to read and select, how it came about, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.choice import Choice
from app.window import theme
from app.window.buttons import word_button
from app.window.dictation.listing import Entry, length, moment
from app.window.models_page.row import from_the_start


class Detail(QWidget):
    """retried: with the recogniser to try, as the engine is asked for it. said: a sentence about what was done."""

    retried = Signal(str)
    deleted = Signal()
    said = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: Entry | None = None
        self._tidied = False
        self._about, self._failure = QLabel(self), QLabel(self)
        for label in (self._about, self._failure):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName(self.tr("Text"))
        self.text.setTabChangesFocus(True)
        self.text.viewport().setAutoFillBackground(False)
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.document().setDocumentMargin(0)
        self.copy = QPushButton(self.tr("Copy"), self)
        self.retry = QPushButton(self.tr("Write Down Again"), self)
        self.delete = QPushButton(self.tr("Delete"), self)
        self.other = word_button(self.tr("Show As Spoken"), parent=self)
        self._menu = QMenu(self)
        self.retry.setMenu(self._menu)
        self._lay_out()
        self.copy.clicked.connect(self.copy_text)
        self.delete.clicked.connect(self.deleted)
        self.other.clicked.connect(self._swap)
        self.show_entry(None, [])

    def _lay_out(self) -> None:
        for label in (self._about, self._failure):
            label.setFont(theme.small())
            label.setWordWrap(True)
            from_the_start(label)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        foot = QHBoxLayout()
        foot.setSpacing(theme.GRID)
        for button in (self.copy, self.retry):
            button.setAutoDefault(False)
            foot.addWidget(button)
        self.delete.setAutoDefault(False)
        foot.addWidget(self.other)
        foot.addStretch(1)
        foot.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(14)
        column.addWidget(self._about)
        column.addWidget(self._failure)
        column.addWidget(self.text, 1)
        column.addLayout(foot)

    def show_entry(self, entry: Entry | None, choices: Sequence[Choice]) -> None:
        if entry is None or self._entry is None or entry.dictation.id != self._entry.dictation.id:
            self._tidied = bool(entry is not None and entry.dictation.cleaned)
        self._entry = entry
        self.setVisible(entry is not None)
        if entry is None:
            return
        dictation = entry.dictation
        self._about.setText(self._told(entry))
        self._failure.setText(dictation.failure)
        self._failure.setVisible(bool(dictation.failure) and not entry.working)
        self._show_text()
        self.copy.setEnabled(bool(dictation.text))
        self.retry.setText(self.tr("Write Down Again") if dictation.text else self.tr("Write It Down"))
        self.retry.setEnabled(bool(dictation.audio) and not entry.working)
        kept = self.tr("With the recording, by the recogniser you choose")
        self.retry.setToolTip(kept if dictation.audio else self.tr("The recording is not kept any more"))
        self._fill(choices)
        self._dress()

    def _show_text(self) -> None:
        assert self._entry is not None
        dictation = self._entry.dictation
        self.other.setVisible(bool(dictation.cleaned))
        self.other.say(self.tr("Show As Spoken") if self._tidied else self.tr("Show Tidied"))
        self.text.setPlainText(self._words())
        nothing = self.tr("Writing it down…") if self._entry.working else self.tr("No words were heard.")
        self.text.setPlaceholderText("" if dictation.failure and not self._entry.working else nothing)

    def _words(self) -> str:
        if self._entry is None:
            return ""
        dictation = self._entry.dictation
        return dictation.cleaned if self._tidied and dictation.cleaned else dictation.text

    def _told(self, entry: Entry) -> str:
        dictation = entry.dictation
        parts = [moment(dictation.created), length(dictation.seconds), dictation.recogniser]
        if dictation.language:
            parts.append(QLocale.languageToString(QLocale(dictation.language).language()))
        parts.append(self.tr("recording kept") if dictation.audio else self.tr("no recording"))
        about = " · ".join(part for part in parts if part)
        return f"{about}\n{entry.note}" if entry.note else about

    def _fill(self, choices: Sequence[Choice]) -> None:
        self._menu.clear()
        for choice in choices:
            action: QAction = self._menu.addAction(choice.name)
            action.setToolTip(choice.about)
            action.triggered.connect(lambda _checked=False, asked_as=choice.asked_as: self.retried.emit(asked_as))

    def copy_text(self) -> None:
        if words := self._words():
            QGuiApplication.clipboard().setText(words)
            self.said.emit(self.tr("Copied."))

    def _swap(self) -> None:
        self._tidied = not self._tidied
        self._show_text()

    def _dress(self) -> None:
        colours = theme.colours()
        self._about.setStyleSheet(f"color: {colours.secondary.name()}")
        self._failure.setStyleSheet(f"color: {colours.red.name()}")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "other"):
            self._dress()
