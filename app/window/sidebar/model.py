"""The list of chats as Qt's model."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.store.rows import MARK_OFF, MARK_ON
from app.window.rows_model import RowsModel
from app.window.sidebar.rows import Entry


def chat_model(parent: QObject) -> RowsModel[Entry]:
    return RowsModel(
        Entry,
        key=lambda entry: entry.chat,
        title=lambda row: row.title if isinstance(row, Entry) else row.text,
        about=lambda entry: entry.snippet.replace(MARK_ON, "").replace(MARK_OFF, ""),
        parent=parent,
    )
