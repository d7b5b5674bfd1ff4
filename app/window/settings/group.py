"""Settings that belong together: a heading, and on one ground rows of a name, what it means, and the control."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.window import theme
from app.window.models_page.row import from_the_start


class Group(QWidget):
    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        heading = QLabel(title, self)
        heading.setFont(theme.title())
        from_the_start(heading)
        self._card = _Card(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading)
        column.addWidget(self._card)

    def row(self, name: str, about: str, control: QWidget) -> Setting:
        setting = Setting(name, about, control, self._card)
        self._card.add(setting)
        return setting

    def text(self, words: str) -> QLabel:
        """A row that only says something."""
        label = QLabel(words, self._card)
        label.setWordWrap(True)
        from_the_start(label)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._card.add(label)
        return label


class _Card(QFrame):
    """One ground; a hairline between two rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: list[QWidget] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 10, 14, 10)
        self._column.setSpacing(21)

    def add(self, row: QWidget) -> None:
        self._rows.append(row)
        self._column.addWidget(row)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 -- Qt's name
        colours = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.sidebar)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), theme.RADIUS, theme.RADIUS)
        for row in self._rows[1:]:
            painter.drawLine(14, row.y() - 11, self.width() - 14, row.y() - 11)
        painter.end()


class Setting(QWidget):
    """A control on the right, or where it is wide or a sentence's own box, under its name."""

    def __init__(self, name: str, about: str, control: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._about = QLabel(name, self), QLabel(about, self)
        self._name.setBuddy(control)
        self._about.setWordWrap(True)
        self._about.setFont(theme.small())
        self._about.setVisible(bool(about))
        for label in (self._name, self._about):
            from_the_start(label)
        if not control.accessibleName() and not (isinstance(control, QAbstractButton) and control.text()):
            control.setAccessibleName(name)
        control.setAccessibleDescription(about)
        if (inner := control.focusProxy()) is not None:  # what has the keyboard, and so what is read out
            inner.setAccessibleName(control.accessibleName())
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._about)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.GRID)
        row.addLayout(words, 1)
        row.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        self.control = control
        self._dress()

    def explain(self, about: str) -> None:
        self._about.setText(about)
        self._about.setVisible(bool(about))
        self.control.setAccessibleDescription(about)

    @property
    def about(self) -> str:
        return self._about.text()

    def _dress(self) -> None:
        self._about.setStyleSheet(f"color: {theme.colours().secondary.name()}")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "control"):
            self._dress()
