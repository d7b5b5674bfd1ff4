"""Text into a field of Cadre's own, at its cursor, with the spaces it needs. A field that is gone takes nothing."""

from __future__ import annotations

import shiboken6
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget

from app.dictation.own_words import joined

Field = QPlainTextEdit | QLineEdit


def focused() -> Field | None:
    """Where the person is writing in Cadre now."""
    widget = QApplication.focusWidget()
    return widget if isinstance(widget, QPlainTextEdit | QLineEdit) and _takes_text(widget) else None


def insert(field: Field, text: str) -> bool:
    """Whether it took the text."""
    if not shiboken6.isValid(field) or not _takes_text(field):
        return False
    if isinstance(field, QLineEdit):
        start = field.selectionStart() if field.hasSelectedText() else field.cursorPosition()
        before, _ = _parted(field.text(), start)
        _, after = _parted(field.text(), start + field.selectionLength())
        field.insert(joined(before, " ".join(text.split()), after))
    else:
        cursor = field.textCursor()
        before, _ = _parted(field.toPlainText(), cursor.selectionStart())
        _, after = _parted(field.toPlainText(), cursor.selectionEnd())
        cursor.insertText(joined(before, text, after))
        field.setTextCursor(cursor)
        field.ensureCursorVisible()
    return True


def replace(field: Field, old: str, new: str) -> bool:
    """The last place of a text that was inserted; False when the person has changed it since."""
    if not shiboken6.isValid(field) or not _takes_text(field) or not old:
        return False
    whole = field.text() if isinstance(field, QLineEdit) else field.toPlainText()
    before, found, _ = whole.rpartition(old)
    if not found:
        return False
    at, length = _units(before), _units(old)
    if isinstance(field, QLineEdit):
        field.setSelection(at, length)
        field.insert(new)
    else:
        cursor = field.textCursor()
        cursor.setPosition(at)
        cursor.setPosition(at + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(new)
        field.setTextCursor(cursor)
    return True


def _takes_text(field: QWidget) -> bool:
    return isinstance(field, QPlainTextEdit | QLineEdit) and not field.isReadOnly() and field.isEnabled()


def _units(text: str) -> int:
    """Qt counts in UTF-16: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def _parted(text: str, at: int) -> tuple[str, str]:
    units = text.encode("utf-16-le")
    return units[: 2 * at].decode("utf-16-le", "ignore"), units[2 * at :].decode("utf-16-le", "ignore")
