"""Scenes of what one does in a chat and beside it: versions, finding, deleting, small windows, all of the settings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app import settings
from app.lab.pictures import beside
from app.lab.pictures.studio import settle, until
from app.store.rows import State
from app.window.monitor.map_view import MapView
from app.window.start import Desktop
from app.window.transcript.formula_object import OBJECT
from engine.models import places

_FORMULAS = 5
"""Of the long answer, at least."""
_NARROW = (440, 640)
_HIGH = 1850
"""Pixels that all settings take."""
_LAYER, _ROW = 6, 3
"""The cell under the lens."""


def versions(desktop: Desktop) -> QWidget:
    """A question that was asked in two ways, about to be asked in a third."""
    store, window = desktop.store, desktop.window
    chat = store.chats.add("Names for a small dog").id
    for asked, said in (("A name for a dog?", "Rex."), ("A name for a small dog?", "Pip, Biscuit or Mo.")):
        question = store.tree.say(chat, None, asked)
        for text in ("Wanda.", said):
            store.tree.finish(store.tree.begin_answer(chat, question.id).id, text, State.DONE)
    window.sidebar.refresh()
    window.open_chat(chat)
    window.pane.edit_last()
    return window


def find(desktop: Desktop) -> QWidget:
    open_titled(desktop, "A train from Lyon to Turin")
    window = desktop.window
    window.pane.finder.open_bar()
    QTest.keyClicks(window.focusWidget(), "train")
    return window


def nothing_found(desktop: Desktop) -> QWidget:
    window = desktop.window
    rows, before = window.sidebar.list.model(), window.sidebar.list.model().rowCount()
    window.sidebar.search.setFocus()
    window.sidebar.search.setText("zeppelin")
    until(lambda: rows.rowCount() < before)
    return window


def deleted(desktop: Desktop) -> QWidget:
    """By key, from the list."""
    open_titled(desktop, "Regex for postal codes")
    rows = desktop.window.sidebar.list
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rows, Qt.Key.Key_Backspace)
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    return desktop.window


def chat_settings(desktop: Desktop) -> QImage:
    desktop.window.pane.header.open_settings()
    panel = desktop.window.pane.settings
    settle()
    taken = panel.grab().toImage()
    panel.hide()
    return taken


def open_with_formulas(desktop: Desktop) -> None:
    """They are drawn in a process of their own, however long that takes on a busy machine."""
    open_titled(desktop, "What coverage tells")
    text = desktop.window.pane.transcript.views()[-1].texts()[0]
    until(lambda: text.document().toPlainText().count(OBJECT) >= _FORMULAS)


def narrow(desktop: Desktop) -> QWidget:
    open_with_formulas(desktop)
    window = desktop.window
    window.resize(*_NARROW)
    settle()
    window.pane.transcript.verticalScrollBar().setValue(0)
    return window


def narrow_first(desktop: Desktop) -> QWidget:
    desktop.window.resize(*_NARROW)
    desktop.window.pane.empty.see.click()
    return desktop.window


def offline(desktop: Desktop) -> QWidget:
    """Never use the network, said by the person."""
    settings.save(settings.Settings(network=False))
    desktop.window.models_wanted.emit()
    return desktop.models_page


def all_settings(desktop: Desktop) -> QImage:
    """As if the screen were high enough; as fine as points, since there is much of it."""
    desktop.show_settings()
    page = desktop.settings
    assert page is not None
    page.resize(page.width(), _HIGH)
    settle()
    taken = page.grab().toImage()
    page.close()
    smooth = Qt.TransformationMode.SmoothTransformation
    return taken.scaled(page.size(), Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def lens(desktop: Desktop) -> QWidget:
    """By key: a cell that stands for six experts, and its layer's bars."""
    monitor = beside.low_memory(desktop)
    settle()
    experts = monitor.findChild(MapView)
    assert experts is not None
    experts.setFocus(Qt.FocusReason.TabFocusReason)
    for key, count in ((Qt.Key.Key_Right, _LAYER), (Qt.Key.Key_Down, _ROW), (Qt.Key.Key_Return, 1)):
        for _ in range(count):
            QTest.keyClick(experts, key)
    return monitor


def quick_answering(desktop: Desktop) -> QImage:
    """As soon as the panel tells what goes on."""
    desktop.models.choose(str(places.builtin()))
    prompt = desktop.resident.prompt
    prompt.open()
    until(prompt.panel.isVisible)
    prompt.ask("I want to book a table for two at a restaurant tonight.")
    taken = beside.picture(desktop)
    until(lambda: desktop.answers.latest() is None)
    return taken


def open_titled(desktop: Desktop, title: str) -> None:
    chat = next(chat for chat in desktop.store.chats.all() if chat.title == title)
    desktop.window.open_chat(chat.id)
