"""What a person does, in words. Test support."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.window.main_window import MainWindow
from app.window.transcript.answer_view import AnswerView
from tests.window.acting import ActingEngine
from tests.window.conftest import PATIENCE

Part = TypeVar("Part", bound=QWidget)


def write(qtbot, window: MainWindow, text: str) -> None:
    """Types and presses Return."""
    field = window.pane.composer.field
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def asked(qtbot, engine: ActingEngine, count: int = 1):
    """The nth question as it reached the engine."""
    qtbot.waitUntil(lambda: len(engine.asked) >= count, timeout=PATIENCE)
    return engine.asked[count - 1]


def idle(qtbot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.conversation.answering(), timeout=PATIENCE)


def last_answer(window: MainWindow) -> AnswerView:
    view = window.pane.transcript.views()[-1]
    assert isinstance(view, AnswerView)
    return view


def shown_text(view: AnswerView) -> str:
    return view.texts()[0].toPlainText()


def named(parent: QWidget, name: str) -> QAbstractButton:
    """The button that a screen reader calls so."""
    return next(child for child in parent.findChildren(QAbstractButton) if child.accessibleName() == name)


def inside(view: QWidget, kind: type[Part]) -> Part:
    """The one part of this kind."""
    found = view.findChild(kind)
    assert found is not None
    return found
