"""What stands where nothing was said yet: who will answer; at the first start, how to get somebody who can."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window import theme
from app.window.first_model import FirstModel
from app.window.models_page.row import Content
from app.window.requests import Requests
from engine.models.folders import BUILTIN

_WIDTH = 480
_LEAST = 200
_STEP = 8


class EmptyPage(QWidget):
    """model_wanted: the person wants another model. asked: one of the demonstration's requests."""

    model_wanted = Signal()
    asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._head = self._label()
        font = QFont(theme.body())
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(QFont.Weight.DemiBold)
        self._head.setFont(font)
        self._about = self._label()
        self.get = QPushButton(self.tr("Get a Model…"), self)
        self.get.setDefault(True)
        self.get.clicked.connect(self.model_wanted)
        self.see = QPushButton(self.tr("See How It Works"), self)
        self.see.clicked.connect(self._show_requests)
        self.first = FirstModel(self)
        self._alone = False
        self.requests = Requests(self)
        self.requests.asked.connect(self.asked)
        self._requests_about = self._label()
        self._requests_about.setText(
            self.tr("The demonstration runs a tiny built-in model. Watch which experts answer; "
                    "do not trust a word it writes.")
        )  # fmt: skip
        self.setMinimumWidth(1)  # it fits itself to what room there is
        self._lay_out()
        self._show_first(first=False)

    def _label(self) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(theme.GRID)
        column.addStretch(4)
        column.addWidget(self._head, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._about, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(theme.GRID)
        column.addWidget(self.first, 0, Qt.AlignmentFlag.AlignHCenter)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GRID)
        buttons.addStretch()
        for button in (self.see, self.get):
            buttons.addWidget(button)
        buttons.addStretch()
        column.addSpacing(theme.GRID)
        column.addLayout(buttons)
        column.addSpacing(2 * theme.GRID)
        column.addWidget(self._requests_about, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.requests, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(5)

    def show_model(self, model: str, name: str, *, ready: bool, alone: bool) -> None:
        """alone: there is no model but the demonstration."""
        self._head.setText(self.tr("What would you like to know?"))
        if not ready and model == BUILTIN:
            self._about.setText(self.tr("Looking for models…"))
        elif alone:
            self._head.setText(self.tr("Welcome to Cadre"))
            words = self.tr(
                "Cadre answers with models larger than memory and reads only the parts your question needs. "
                "One has to be on this disk first."
            )
            self._about.setText(words)
        elif model == BUILTIN:
            self._about.setText(self.tr("This chat asks the demonstration. Do not trust a word it writes."))
        else:
            self._about.setText(self.tr("{name} answers, with only the experts your question needs.").format(name=name))
        self._fit()
        self._alone = ready and alone
        self._show_first(first=ready and (alone or model == BUILTIN))
        self._show_offer()

    def offer(self, content: Content | None) -> None:
        """The model to get first, and how its download goes."""
        self.first.offer(content)
        self._show_offer()

    def _show_offer(self) -> None:
        """With it, the other way to a model is the quieter one."""
        shown = self._alone and self.first.is_offered
        self.first.setVisible(shown)
        self.get.setText(self.tr("Other Models…") if shown else self.tr("Get a Model…"))
        self.get.setDefault(not shown)

    def _show_first(self, *, first: bool) -> None:
        self.get.setVisible(first)
        self.see.setVisible(first and not self.requests.isVisibleTo(self))
        if not first:
            self._hide_requests()

    def _show_requests(self) -> None:
        self.see.hide()
        self._requests_about.show()
        self.requests.show()
        self.requests.take_focus()

    def _hide_requests(self) -> None:
        self._requests_about.hide()
        self.requests.hide()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_requests_about"):
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 -- Qt's name
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        wide = max(_LEAST, min(theme.scaled(_WIDTH), self.width() - 4 * theme.GRID))
        self.first.setFixedWidth(wide)
        self.first.fit()
        for label in (self._head, self._about, self._requests_about):
            _fit_label(label, wide)


def _fit_label(label: QLabel, most: int) -> None:
    """As high as its lines, which Qt forgets of a label that was hidden; as narrow as these many lines can be, so that
    no word stands alone in the last.
    """
    label.setMinimumSize(0, 0)  # it asks for no less than that, however wide it may be
    high = label.heightForWidth(most)
    wide = next((wide for wide in range(most // 2, most, _STEP) if label.heightForWidth(wide) == high), most)
    label.setFixedSize(wide, high)
