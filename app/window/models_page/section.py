"""A heading with rows under it. Rows are kept by their key, so that a change moves nothing under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.window import theme
from app.window.models_page.row import Content, Row, from_the_start


class Section(QWidget):
    """empty: words that stand where there is no row; without any, the section hides then."""

    def __init__(self, title: str, empty: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel(title, self)
        font = theme.small()
        font.setBold(True)
        self._title.setFont(font)
        self._empty = QLabel(empty, self)
        self._empty.setFont(theme.small())
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(0, 8, 0, 8)
        self._rows: dict[str, Row] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 2 * theme.GRID)
        self._column.setSpacing(0)
        self._column.addWidget(self._title)
        self._column.addWidget(self._empty)
        for label in (self._title, self._empty):
            from_the_start(label)
        self._dress()
        self.show_rows({})

    def name(self, title: str) -> None:
        self._title.setText(title)

    def say(self, words: str) -> None:
        self._empty.setText(words)
        self._settle()

    def row(self, key: str) -> Row | None:
        return self._rows.get(key)

    def rows(self) -> list[Row]:
        return list(self._rows.values())

    def show_rows(self, contents: dict[str, Content]) -> None:
        """In this order."""
        for key in self._rows.keys() - contents.keys():
            gone = self._rows.pop(key)
            gone.hide()
            self._column.removeWidget(gone)
            gone.deleteLater()
        order = {}
        for number, (key, content) in enumerate(contents.items()):
            row = self._rows.get(key)
            if row is None:
                row = Row(content, self)
            else:
                row.show_content(content)
            if self._column.indexOf(row) != number + 2:
                self._column.insertWidget(number + 2, row)
            order[key] = row
        self._rows = order
        self._settle()

    def _settle(self) -> None:
        self._empty.setVisible(not self._rows and bool(self._empty.text()))
        self.setVisible(bool(self._rows) or bool(self._empty.text()))

    def _dress(self) -> None:
        for label in (self._title, self._empty):
            palette = label.palette()
            palette.setColor(palette.ColorRole.WindowText, theme.colours().secondary)
            label.setPalette(palette)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 -- Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()
