"""The quick prompt: one rounded line without a window's frame, that grows downwards with the answer.

Shows what it is told and tells what is wanted; QuickPrompt connects it to the rest.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QCursor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShortcut,
)
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.window import theme
from app.window.advice import AdviceLine
from app.window.attaching import Attaching, takes
from app.window.buttons import QuietButton, quiet_button, word_button
from app.window.composer import Field
from app.window.mic_button import MicButton
from app.window.models_page.row import from_the_start
from app.window.picture_window import Large
from app.window.quick import placing
from app.window.quick.answer_area import AnswerArea
from app.window.send_button import SendButton
from app.window.shelf import Shelf
from app.window.transcript.typesetter import Typesetter

_RADIUS = 14
_MARGINS = 18, 13, 14, 12


class QuickPanel(QFrame):
    """dismissed: the person is done with it for now. turned_away: they went to another window."""

    submitted = Signal(str)
    stopped = Signal()
    dismissed = Signal()
    turned_away = Signal()
    take_wanted = Signal()
    copy_wanted = Signal()
    insert_wanted = Signal()
    continue_wanted = Signal()
    again_wanted = Signal()
    models_wanted = Signal()

    def __init__(self, typesetter: Typesetter, parent: QWidget | None = None) -> None:
        flags = Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(parent, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAcceptDrops(True)
        self.setWindowTitle(self.tr("Cadre Quick Prompt"))
        self.field = Field(self)
        self.field.setAccessibleName(self.tr("Quick prompt"))
        self.take = quiet_button("take", self.tr("Add the selected text, or else what is on the clipboard"), self)
        self.mic = MicButton(self)
        self._send = SendButton(self)
        self._asked, self._words = QLabel(self), QLabel(self)
        self.answer = AnswerArea(typesetter, self)
        self.shelf, self.advice = Shelf(self), AdviceLine(self)
        self.attaching = Attaching(self.shelf, lambda words: self.say(words, wrong=True), self)
        self._large = Large(self)
        self._record = QLabel(self)
        for label in (self._asked, self._words, self._record):
            label.setTextFormat(Qt.TextFormat.PlainText)  # what was asked may be a page
        self._acts = self._make_acts()
        self._busy = self._target = False
        self._record_line = ""
        self._lay_out()
        self._connect()
        self.clear()
        self._dress()

    def _make_acts(self) -> dict[str, QuietButton]:
        acts = {
            "copy": word_button(self.tr("Copy"), parent=self),
            "insert": word_button(self.tr("Insert"), self.tr("Insert where you were writing"), self),
            "continue": word_button(self.tr("Continue in Cadre"), parent=self),
            "again": word_button(self.tr("Try Again"), parent=self),
            "models": word_button(self.tr("Get a Model…"), parent=self),
        }
        for name, keys in (("copy", "Ctrl+Shift+C"), ("insert", "Ctrl+Return"), ("continue", "Ctrl+O")):
            shown = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
            acts[name].setToolTip(f"{acts[name].toolTip()}  {shown}")
        return acts

    def _lay_out(self) -> None:
        for label in (self._asked, self._words, self._record):
            from_the_start(label)
        self._asked.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._record.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words.setWordWrap(True)
        for label in (self._asked, self._record):
            label.setFont(theme.small())
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self.field, 1)
        line.addWidget(self.take, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.mic, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self._send, 0, Qt.AlignmentFlag.AlignTop)
        buttons = QHBoxLayout()
        buttons.setSpacing(2)
        buttons.addStretch(1)
        for button in self._acts.values():
            buttons.addWidget(button)
        self._foot = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._foot.setSpacing(2)
        self._foot.addWidget(self._record, 1)
        self._foot.addLayout(buttons)
        self._under = QWidget(self)
        under = QVBoxLayout(self._under)
        under.setContentsMargins(0, theme.GRID, 0, 0)
        under.addWidget(self.shelf)
        under.addWidget(self.advice)
        self._rest = QWidget(self)
        rest = QVBoxLayout(self._rest)
        rest.setContentsMargins(0, 12, 0, 0)
        rest.setSpacing(theme.GRID)
        for widget in (self._asked, self.answer, self._words):
            rest.addWidget(widget)
        rest.addLayout(self._foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(*_MARGINS)
        column.setSpacing(0)
        column.addLayout(line)
        column.addWidget(self._under)
        column.addWidget(self._rest)

    def _connect(self) -> None:
        self.field.submitted.connect(self._submit)
        self.field.escaped.connect(self.dismissed)
        self.field.textChanged.connect(self._show_send)
        self.field.document().documentLayout().documentSizeChanged.connect(self.fit)
        self.field.files_given.connect(self.attaching.take)
        self.field.picture_given.connect(self.attaching.take_picture)
        self.shelf.opened.connect(lambda number: self._large.show_file(self.shelf.files(), number))
        self.advice.models_wanted.connect(self.models_wanted)
        for changed in (self.shelf.changed, self.shelf.refilled, self.advice.said):
            changed.connect(self._show_send)
            changed.connect(self.fit)
        self._send.clicked.connect(lambda: self.stopped.emit() if self._busy else self._submit())
        self.take.clicked.connect(self.take_wanted)
        for name, signal in (
            ("copy", self.copy_wanted),
            ("insert", self.insert_wanted),
            ("continue", self.continue_wanted),
            ("again", self.again_wanted),
            ("models", self.models_wanted),
        ):
            self._acts[name].clicked.connect(signal)
        for keys, act in (
            ("Ctrl+.", self.stopped.emit),
            ("Ctrl+Shift+V", self.take_wanted.emit),
            ("Ctrl+Shift+C", lambda: self._press("copy")),
            ("Ctrl+Return", lambda: self._press("insert")),
            ("Ctrl+O", lambda: self._press("continue")),
        ):
            QShortcut(QKeySequence(keys), self, act)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.dismissed.emit)
        self.answer.text.height_changed.connect(self.fit)

    def _press(self, name: str) -> None:
        if self._acts[name].isVisible():
            self._acts[name].click()

    # --- what is shown ------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Only the line."""
        self.field.clear()
        self.field.setPlaceholderText(self.tr("Ask anything"))
        self.show_question("")
        self.answer.begin()
        self.say("")
        self.offer()
        self.set_busy(busy=False)

    def show_question(self, text: str) -> None:
        one_line = " ".join(text.split())
        shown = self._asked.fontMetrics().elidedText(one_line, Qt.TextElideMode.ElideRight, max(200, self.width() - 60))
        self._asked.setText(shown)
        self._asked.setAccessibleName(self.tr("You asked: {question}").format(question=one_line))
        self._asked.setVisible(bool(one_line))
        self.fit()

    def say(self, words: str, *, wrong: bool = False) -> None:
        """What goes on, or what went wrong."""
        self._words.setText(words)
        self._words.setAccessibleName(words)
        self._words.setVisible(bool(words))
        colours = theme.colours()
        self._words.setStyleSheet(f"color: {(colours.red if wrong else colours.secondary).name()}")
        self.fit()

    def offer(self, *acts: str, record: str = "") -> None:
        """The buttons under the answer: copy, insert, continue, again, models."""
        for name, button in self._acts.items():
            button.setVisible(name in acts)
        self._record_line = record
        self._record.setAccessibleName(record)
        self._record.setVisible(bool(acts))
        self.fit()

    def set_busy(self, *, busy: bool) -> None:
        self._busy = busy
        self._show_send()

    def _show_send(self) -> None:
        self._send.show_state(stop=self._busy, enabled=self._busy or self._can_send())

    def _can_send(self) -> bool:
        held = self.shelf.is_reading or self.advice.advice.holds
        return not held and bool(self.field.toPlainText().strip() or self.shelf.files())

    def fit(self) -> None:
        """As high as what it says; the line stays where it is."""
        parts = (self._asked, self.answer, self._words, *self._acts.values())
        self._rest.setVisible(any(part.isVisibleTo(self._rest) for part in parts))
        self._under.setVisible(any(part.isVisibleTo(self._under) for part in (self.shelf, self.advice)))
        self._foot.setDirection(self._foot_direction())
        self._rest.layout().activate()  # type: ignore[union-attr]  # it has one, and what is around it asks it anew
        self.layout().activate()  # type: ignore[union-attr]  # it has one
        wanted = self.layout().totalHeightForWidth(self.width())  # type: ignore[union-attr]  # it has one
        self.setFixedHeight(wanted if wanted > 0 else self.sizeHint().height())
        metrics, room = self._record.fontMetrics(), self._record.width()
        self._record.setText(metrics.elidedText(self._record_line, Qt.TextElideMode.ElideRight, room))

    def _foot_direction(self) -> QBoxLayout.Direction:
        """The record beside the buttons, or over them where it would be cut short, as with large text."""
        buttons = sum(button.sizeHint().width() + 2 for button in self._acts.values() if button.isVisibleTo(self._rest))
        wanted = self._record.fontMetrics().horizontalAdvance(self._record_line)
        beside = wanted + buttons + theme.GRID <= self.width() - _MARGINS[0] - _MARGINS[2]
        return QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom

    def is_empty(self) -> bool:
        return not self.field.toPlainText() and not self.shelf.files() and not self._rest.isVisibleTo(self)

    # --- on the screen ------------------------------------------------------------------------------------

    def appear(self) -> None:
        """On the screen with the pointer, where the person is."""
        self._dress()
        screen = (QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()).availableGeometry()
        self.setFixedWidth(placing.width(screen, theme.scaled(640)))
        self.answer.set_limit(placing.tallest_answer(screen))
        self.fit()
        self.move(placing.corner(screen, self.width()))
        self.show()
        self.fit()
        self.raise_()
        self.activateWindow()
        self.field.setFocus()

    def add_text(self, text: str) -> None:
        """Under what is written; the person goes on writing above it."""
        cursor = self.field.textCursor()
        at = cursor.position()
        cursor.movePosition(cursor.MoveOperation.End)
        cursor.insertText(f"\n\n{text.strip()}")
        cursor.setPosition(at)
        self.field.setTextCursor(cursor)
        self.field.setFocus()

    def _submit(self) -> None:
        if not self._busy and self._can_send():
            self.submitted.emit(self.field.toPlainText().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 -- Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 -- Qt's name
        if takes(event.mimeData()):
            event.acceptProposedAction()
            self._set_target(True)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:  # noqa: N802 -- Qt's name
        self._set_target(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 -- Qt's name
        self._set_target(False)
        self.attaching.take_data(event.mimeData())
        event.acceptProposedAction()

    def _set_target(self, target: bool) -> None:
        """Files hover over it."""
        self._target = target
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 -- Qt's name
        """Its ground moves it."""
        handle = self.windowHandle()
        if event.button() is Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 -- Qt's name
        event.accept()  # one that refuses would keep Cadre from ending
        self.dismissed.emit()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.turned_away.emit()
        elif event.type() == QEvent.Type.PaletteChange and hasattr(self, "_busy"):
            self._dress()

    def _dress(self) -> None:
        for part in (self.field, self.field.viewport()):  # a style sheet leaves the inner one its old font
            if part.font() != _larger():
                part.setFont(_larger())
        self.field.document().setDefaultFont(_larger())
        secondary = theme.colours().secondary.name()
        for label in (self._asked, self._record):
            label.setStyleSheet(f"color: {secondary}")

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(0, 0, 0, 0))
        painter.setPen(colours.accent if self._target else theme.mixed(colours.window, colours.text, 0.2))
        painter.setBrush(theme.mixed(colours.window, colours.accent, 0.08 if self._target else 0))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), _RADIUS, _RADIUS)
        painter.end()


def _larger() -> QFont:
    font = theme.body()
    font.setPointSizeF(font.pointSizeF() * 1.25)
    return font
