"""Undo, copy, paste and their like in the menu, for whatever text has the keyboard."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPlainTextEdit, QTextEdit

_KEYS = QKeySequence.StandardKey


def fill(menu: QMenu) -> None:
    for number, (words, key, does) in enumerate(_rows()):
        if number == 2:
            menu.addSeparator()
        action = menu.addAction(words)
        action.setShortcuts(key)
        action.triggered.connect(lambda _checked=False, does=does: _do(does))


def _rows() -> tuple[tuple[str, QKeySequence.StandardKey, str], ...]:
    """What it says, its key, and Qt's name of it."""
    return (
        (tr("Undo"), _KEYS.Undo, "undo"),
        (tr("Redo"), _KEYS.Redo, "redo"),
        (tr("Cut"), _KEYS.Cut, "cut"),
        (tr("Copy"), _KEYS.Copy, "copy"),
        (tr("Paste"), _KEYS.Paste, "paste"),
        (tr("Select All"), _KEYS.SelectAll, "selectAll"),
    )


def _do(does: str) -> None:
    text = QApplication.focusWidget()
    if isinstance(text, QLineEdit | QPlainTextEdit | QTextEdit):
        getattr(text, does)()


def tr(text: str) -> str:
    return QCoreApplication.translate("EditMenu", text)
