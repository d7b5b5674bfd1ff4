"""What one chat is asked with: model, mode, system prompt, temperature. A small panel that hangs from its button."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.numbers import size
from app.store.rows import Settings
from app.window import theme
from app.window.models import Choice, Models
from engine import messages as m

_WIDTH = 380
_NAME_SHARE, _BUTTONS_SHARE = 0.62, 0.7
"""Of the width: for a model's name and size, and for two buttons."""


class ChatSettings(QFrame):
    """changed: the settings as they are now. model_chosen: what chats are asked with from now on.
    models_wanted: the person wants to get another one.
    """

    changed = Signal(object)
    model_chosen = Signal(str)
    models_wanted = Signal()

    def __init__(self, models: Models, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setFixedWidth(theme.scaled(_WIDTH))
        self._models = models
        self._settings = Settings()
        self._model = QComboBox(self)
        self._model.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._mode = self._mode_box()
        self._temperature = QDoubleSpinBox(self, minimum=0.0, maximum=2.0, singleStep=0.1, decimals=1)
        self._system = QPlainTextEdit(self)
        self._system.setPlaceholderText(self.tr("What the model should know or be in this chat"))
        self._system.setObjectName(theme.FRAMED)
        self._system.setFixedHeight(96)
        self._system.setTabChangesFocus(True)
        more = QWidget(self)
        get, folder = QPushButton(self.tr("Get Models…"), more), QPushButton(self.tr("Choose a Folder…"), more)
        get.clicked.connect(self._get_models)
        folder.clicked.connect(self._choose_folder)
        fits = get.sizeHint().width() + folder.sizeHint().width() < self.width() * _BUTTONS_SHARE
        row = QBoxLayout(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom, more)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(get)
        row.addWidget(folder)
        self._lay_out(more)
        self._model.activated.connect(self._choose_model)
        for change in (self._mode.activated, self._temperature.valueChanged, self._system.textChanged):
            change.connect(self._collect)
        models.changed.connect(self._fill_models)
        self._fill_models()

    def _mode_box(self) -> QComboBox:
        box = QComboBox(self)
        for mode, words in (
            (m.Mode.AUTO, self.tr("Automatic")),
            (m.Mode.FAST, self.tr("Fast: the picked experts only")),
            (m.Mode.BALANCED, self.tr("Balanced: goes back where too much was missing")),
            (m.Mode.EXACT, self.tr("Exact: every expert asked for, read on demand")),
        ):
            box.addItem(words, mode.value)
        return box

    def _lay_out(self, more: QWidget) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * theme.GRID] * 4)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setVerticalSpacing(theme.GRID)
        for words, field in (
            (self.tr("Model"), self._model),
            ("", more),
            (self.tr("Care"), self._mode),
            (self.tr("Variety"), self._temperature),
        ):
            form.addRow(words, field)
            field.setAccessibleName(words or self.tr("Other models"))
        column.addLayout(form)
        note = QLabel(
            self.tr("Variety 0 always takes the likeliest word; from 1 on answers become unpredictable."), self
        )
        note.setWordWrap(True)
        note.setFont(theme.small())
        column.addWidget(note)
        label = QLabel(self.tr("Instructions"), self)
        label.setBuddy(self._system)
        self._system.setAccessibleName(label.text())
        column.addWidget(label)
        column.addWidget(self._system)

    # --- shown --------------------------------------------------------------------------------------------

    def open_under(self, button: QWidget, settings: Settings) -> None:
        self._settings = settings
        for field in (self._mode, self._temperature, self._system):
            field.blockSignals(True)
        self._mode.setCurrentIndex(max(0, self._mode.findData(settings.mode)))
        self._temperature.setValue(settings.temperature)
        self._system.setPlainText(settings.system)
        for field in (self._mode, self._temperature, self._system):
            field.blockSignals(False)
        self._fill_models()
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(button.width(), button.height() + 4))
        self.move(corner.x() - self.width(), corner.y())
        self.show()
        self._model.setFocus()

    def _fill_models(self) -> None:
        self._model.clear()
        for choice in self._models.choices():
            self._model.addItem(self._short(choice), choice.asked_as)
            number = self._model.count() - 1
            self._model.setItemData(number, choice.problem or choice.name, Qt.ItemDataRole.ToolTipRole)
            if choice.problem:
                self._model.setItemData(number, 0, Qt.ItemDataRole.UserRole - 1)  # Qt: not to be chosen
        asked = self._settings.model or self._models.default
        self._model.setCurrentIndex(max(0, self._model.findData(asked)))

    def _short(self, choice: Choice) -> str:
        """Without who published it, and cut where names differ least: the size is seen, too."""
        about = f" · {size(choice.bytes)}" if choice.bytes else ""
        metrics, room = self._model.fontMetrics(), round(self.width() * _NAME_SHARE)
        name = choice.name.rpartition("/")[2]
        return metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room - metrics.horizontalAdvance(about)) + about

    # --- changed ------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        self._settings = replace(
            self._settings,
            mode=str(self._mode.currentData()),
            temperature=round(self._temperature.value(), 2),
            system=self._system.toPlainText(),
        )
        self.changed.emit(self._settings)

    def _choose_model(self) -> None:
        self._use(str(self._model.currentData()))

    def _get_models(self) -> None:
        self.hide()
        self.models_wanted.emit()

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self.parentWidget(), self.tr("Choose a Model Folder"), str(Path.home())
        )
        if folder:
            self._use(folder)

    def _use(self, model: str) -> None:
        self._settings = replace(self._settings, model=model)
        self.changed.emit(self._settings)
        self.model_chosen.emit(model)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.window)
        painter.setPen(colours.line)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
