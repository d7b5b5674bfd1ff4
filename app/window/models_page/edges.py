"""The two edges of the window of models: the search above; folder, token, network switch and one sentence below."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.window import theme
from app.window.models_page.row import from_the_start
from app.window.search_field import SearchField

_SECONDS = 12


class Top(QWidget):
    """wanted: words were typed and Return pressed; nothing is sent before that. left: the field is empty again."""

    wanted = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = SearchField(self)
        self.field.setAccessibleName(self.tr("Search the Hugging Face Hub"))
        self.field.setMinimumHeight(30)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 16, 20, 8)
        row.addWidget(self.field)
        self.field.returnPressed.connect(self._ask)
        self.field.textChanged.connect(lambda text: None if text else self.left.emit())
        self.show_network(allowed=True)

    def show_network(self, *, allowed: bool) -> None:
        self.field.setEnabled(allowed)
        self.field.setPlaceholderText(
            self.tr("Search the Hugging Face Hub for MLX models, then Return")
            if allowed
            else self.tr("Cadre is set never to use the network")
        )

    def _ask(self) -> None:
        if text := self.field.text().strip():
            self.wanted.emit(text)


class Bottom(QWidget):
    folder_wanted = Signal()
    token_wanted = Signal()
    network_switched = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = QLabel(self)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.words.setFont(theme.small())
        from_the_start(self.words)
        self.words.hide()
        self.never = QCheckBox(self.tr("Never use the network"), self)
        self.never.setToolTip(
            self.tr("Cadre contacts the Hugging Face Hub for downloads and searches, and nobody else.")
        )
        self.never.clicked.connect(lambda checked: self.network_switched.emit(not checked))
        folder, token = QPushButton(self.tr("Add a Folder…"), self), QPushButton(self.tr("Token…"), self)
        folder.setToolTip(self.tr("List a model that lies in another folder, without copying it"))
        token.setToolTip(self.tr("For models that ask for agreement first; kept in the keychain"))
        folder.clicked.connect(self.folder_wanted)
        token.clicked.connect(self.token_wanted)
        for button in (folder, token):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(theme.GRID)
        row.addWidget(self.never)
        row.addStretch(1)
        row.addWidget(token)
        row.addWidget(folder)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 20, 12)
        column.setSpacing(theme.GRID)
        column.addWidget(self.words)
        column.addLayout(row)
        self._time = QTimer(self, singleShot=True, interval=_SECONDS * 1000)
        self._time.timeout.connect(self.words.hide)

    def show_network(self, *, allowed: bool) -> None:
        self.never.setChecked(not allowed)

    def say(self, sentence: str) -> None:
        """For a while."""
        self.words.setText(sentence)
        self.words.show()
        self._time.start()

    def hush(self) -> None:
        self._time.stop()
        self.words.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        painter = QPainter(self)
        painter.setPen(theme.colours().line)
        painter.drawLine(0, 0, self.width(), 0)
        painter.end()
