"""How an answer came about: one quiet line, and all of it behind it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QWidget

from app.store.rows import Json
from app.window import theme, words
from app.window.buttons import QuietButton


class RecordView(QuietButton):
    """The line. `details` stands where its owner puts it, and is filled when it is first opened."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__("", "", parent)
        self.setToolTip(self.tr("How this answer came about"))
        self.setAccessibleName(self.tr("How this answer came about"))
        self.setFont(theme.small())
        self.setCheckable(True)
        self.flush = True
        self.details = QFrame(parent)
        self.details.hide()
        self._record: Json | None = None
        self._line = ""
        self.toggled.connect(self._open)

    def show_record(self, record: Json | None, *, stopped: bool) -> None:
        line = _line(record)
        self._record = record if line else None
        self._line = " · ".join(filter(None, [self.tr("stopped") if stopped else "", line]))
        self.setVisible(bool(self._line))
        self.setEnabled(bool(line))
        self._say()

    def _say(self) -> None:
        mark = "" if self._record is None else "  ▾" if self.isChecked() else "  ▸"
        self.say(self._line + mark)

    def _open(self, opened: bool) -> None:
        if opened and self._record is not None and self.details.layout() is None:
            self._fill(self._record)
        self.details.setVisible(opened)
        self._say()

    def _fill(self, record: Json) -> None:
        grid = QGridLayout(self.details)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        colours = theme.colours()
        self.details.setStyleSheet(
            f"QFrame {{ background: {colours.fill.name()}; border-radius: {theme.RADIUS_SMALL}px; }}"
            f"QLabel[quiet=true] {{ color: {colours.secondary.name()}; }}"
        )
        for number, (name, value) in enumerate(words.record_rows(record)):
            label, said = QLabel(name, self.details), QLabel(value, self.details)
            label.setProperty("quiet", True)
            said.setTextFormat(Qt.TextFormat.PlainText)
            said.setWordWrap(True)
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            for each in (label, said):
                each.setFont(theme.small())
            grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(said, number, 1)


def _line(record: Json | None) -> str:
    """Nothing for a record that is not as ours are: it may come from an imported file."""
    try:
        return words.record_line(record) if record and words.record_rows(record) else ""
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
        return ""
