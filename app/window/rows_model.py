"""Rows under headings as Qt's model; headings cannot be chosen. Knows neither chats nor dictations. Interface
thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

ROW = Qt.ItemDataRole.UserRole
Index = QModelIndex | QPersistentModelIndex
E = TypeVar("E")


class RowsModel(QAbstractListModel, Generic[E]):
    """Whatever is no `kind` is a heading. key: what an entry is found by; title: what a row says; about: what an entry
    says to whoever cannot see it.
    """

    def __init__(
        self,
        kind: type[E],
        key: Callable[[E], int],
        title: Callable[[Any], str],
        about: Callable[[E], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind, self._key, self._title, self._about = kind, key, title, about
        self._rows: list[Any] = []

    def show_rows(self, rows: Sequence[Any]) -> None:
        if rows != self._rows:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()

    def entries(self) -> list[E]:
        return [row for row in self._rows if isinstance(row, self._kind)]

    def row_of(self, key: int | None) -> int | None:
        found = (n for n, row in enumerate(self._rows) if isinstance(row, self._kind) and self._key(row) == key)
        return next(found, None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802 -- Qt's name and Qt's way
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self._title(row)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole and isinstance(row, self._kind):
            return self._about(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if isinstance(self._rows[index.row()], self._kind):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return Qt.ItemFlag.NoItemFlags
