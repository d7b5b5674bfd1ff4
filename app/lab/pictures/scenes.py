"""The states to show, one function each: it brings the app there and gives the widget to be pictured, or its picture.

A state that a later part of the app adds needs one function and one row of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QPointF, QTimer
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from app.attachments.file import File, Kind
from app.attachments.reading import Reader
from app.dictation.shown import Shown
from app.lab.pictures import beside, drawings, habits, samples
from app.lab.pictures.studio import settle, until
from app.store.rows import Settings, State
from app.window import theme
from app.window.dictation.history import HistoryWindow
from app.window.dictation.pill import Pill
from app.window.start import Desktop
from engine.models import places
from engine.models.folders import BUILTIN

_SOME_TOKENS, _MOST_TOKENS = 4, 40
_LAID_OUT_MS = 40
_A_MODEL = "Qwen3-30B-A3B-4bit"
_ONE_THAT_SEES = "Qwen3-VL-30B-A3B-Instruct-4bit"
"""Shown as chosen where nothing was asked."""
_NO_MODEL = "Written sample"
"""Shown as chosen where the answer is ours: no model is said to have written it."""


def first_start(desktop: Desktop) -> QWidget:
    return desktop.window


def requests(desktop: Desktop) -> QWidget:
    desktop.window.pane.empty.see.click()
    return desktop.window


def answering(desktop: Desktop) -> QImage | QWidget:
    """Taken as soon as some tokens are there and laid out: the demonstration's answers are short."""
    window, taken = desktop.window, list[QImage]()

    def look(message: int) -> None:
        if not taken and _tokens(desktop, message) >= _SOME_TOKENS:
            QTimer.singleShot(_LAID_OUT_MS, lambda: taken.append(window.grab().toImage()))

    _warm(desktop)
    desktop.answers.moved.connect(look)
    window.pane.empty.requests.buttons[0].click()
    _end(desktop)
    return taken[0] if taken else window


def answered(desktop: Desktop) -> QWidget:
    _warm(desktop)
    desktop.window.pane.empty.requests.buttons[0].click()
    _end(desktop)
    return desktop.window


def _warm(desktop: Desktop) -> None:
    """A first request, which also starts the engine; then a new chat that offers requests."""
    window = desktop.window
    window.pane.empty.see.click()
    window.pane.empty.requests.buttons[1].click()
    _end(desktop)
    window.new_chat()
    window.pane.empty.see.click()


def _end(desktop: Desktop) -> None:
    """The answer's own, or after _MOST_TOKENS: random weights write on and on."""
    conversation = desktop.window.conversation
    message = conversation.path()[-1].message.id
    until(lambda: not conversation.answering() or _tokens(desktop, message) >= _MOST_TOKENS)
    conversation.stop()
    until(lambda: not conversation.answering())


def _tokens(desktop: Desktop, message: int) -> int:
    seen = desktop.answers.seen(message)
    return seen[0].tokens if seen is not None else 0


def stopped(desktop: Desktop) -> QWidget:
    """After some tokens, with the record laid open."""
    _warm(desktop)
    window, answers = desktop.window, desktop.answers

    def stop(message: int) -> None:
        if _tokens(desktop, message) >= _SOME_TOKENS:
            answers.stop(message)

    answers.moved.connect(stop)
    window.pane.empty.requests.buttons[0].click()
    _end(desktop)
    answers.moved.disconnect(stop)
    buttons = window.pane.transcript.views()[-1].findChildren(QAbstractButton)
    next(b for b in buttons if b.accessibleName() == "How this answer came about").setChecked(True)
    settle()
    window.pane.transcript.follow()
    return window


def thinking(desktop: Desktop) -> QWidget:
    habits.open_titled(desktop, "Night train or plane?")
    return desktop.window


def mirrored(desktop: Desktop) -> QWidget:
    habits.open_titled(desktop, "مخبز صغير في الحي")
    desktop.window.toggle_monitor()
    return desktop.window


def empty(desktop: Desktop) -> QWidget:
    return desktop.window


def long_text(desktop: Desktop) -> QWidget:
    habits.open_with_formulas(desktop)
    pane = desktop.window.pane
    pane.transcript.verticalScrollBar().setValue(0)
    return desktop.window


def failed(desktop: Desktop) -> QWidget:
    """A prompt that the built-in model has no room for."""
    text = "The tenant keeps the stairs clean. " * 800
    lease = File("lease.txt", Kind.TEXT, len(text), text)
    desktop.window.conversation.set_settings(Settings(model=BUILTIN))
    desktop.window.conversation.send("What does the lease say about the kitchen?", [lease])
    until(lambda: not desktop.window.conversation.answering())
    return desktop.window


def models(desktop: Desktop) -> QWidget:
    desktop.window.models_wanted.emit()
    return desktop.models_page


def search(desktop: Desktop) -> QWidget:
    habits.open_titled(desktop, "A train from Lyon to Turin")
    rows, before = desktop.window.sidebar.list.model(), desktop.window.sidebar.list.model().rowCount()
    desktop.window.sidebar.search.setText("train")
    until(lambda: rows.rowCount() < before)
    return desktop.window


def attachments(desktop: Desktop) -> QWidget:
    """Read as if dropped; the last one is refused."""
    folder = _folder()
    film = b"\0\0\0\x20ftypqt  "
    files = {"lease.txt": b"The tenant " * 300, "rent.py": b"rent = 12 * 840\n" * 40, "kitchen.mov": film}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    pane = desktop.window.pane
    pane.attaching.take([folder / name for name in files])
    until(lambda: len(pane.composer.shelf.files()) == 2 and pane.notice.isVisible())
    QTest.keyClicks(pane.composer.field, "What does the lease say about the kitchen?")
    return desktop.window


def pictures(desktop: Desktop) -> QWidget:
    """Read as if dropped, beside a file; the model sees."""
    paths = _drawn()
    note = _folder() / "walk.md"
    note.write_text("# The walk\n" * 40, encoding="utf-8")
    pane = desktop.window.pane
    pane.attaching.take([*paths, note])
    until(lambda: len(pane.composer.shelf.files()) == len(paths) + 1)
    QTest.keyClicks(pane.composer.field, "At which hour was each of these taken?")
    return desktop.window


def blind(desktop: Desktop) -> QWidget:
    """The demonstration is asked about a picture."""
    pane = desktop.window.pane
    pane.attaching.take(_drawn()[:1])
    until(lambda: pane.composer.advice.isVisible() and pane.composer.shelf.files())
    QTest.keyClicks(pane.composer.field, "Where is this?")
    return desktop.window


def pictures_said(desktop: Desktop) -> QWidget:
    store, conversation = desktop.store, desktop.window.conversation
    reader = Reader()
    files = [reader.read(path) for path in _drawn()]
    reader.close()
    chat = store.chats.add("Three hours")
    said = store.tree.say(chat.id, None, "At which hour was each of these taken?", files)
    store.tree.finish(store.tree.begin_answer(chat.id, said.id).id, samples.HOURS, State.DONE)
    conversation.listed.emit()
    habits.open_titled(desktop, "Three hours")
    return desktop.window


def _folder() -> Path:
    folder = places.home() / "files"
    folder.mkdir(exist_ok=True)
    return folder


def _drawn() -> list[Path]:
    folder = _folder()
    paths = [folder / name for name in drawings.HOURS]
    for number, path in enumerate(paths):
        drawings.hills(path, tall=number == 1)
    drawings.chart(folder / "Steps.png")
    return [*paths, folder / "Steps.png"]


def overlay(_desktop: Desktop) -> QImage:
    """All states of the pill, one under the other, as over a desktop."""
    pictures = [_pill(shown) for shown in samples.PILL]
    density, gap = pictures[0].devicePixelRatio(), 14
    sizes = [picture.deviceIndependentSize() for picture in pictures]
    wide = round(max(size.width() for size in sizes)) + 96
    high = round(sum(size.height() + gap for size in sizes)) + 64
    sheet = QImage(round(wide * density), round(high * density), QImage.Format.Format_RGB32)
    sheet.setDevicePixelRatio(density)
    sheet.fill(theme.mixed(theme.colours().window, QColor("#7c93a8"), 0.45))
    painter, top = QPainter(sheet), 32 + gap / 2
    for picture, size in zip(pictures, sizes, strict=True):
        painter.drawImage(QPointF((wide - size.width()) / 2, top), picture)
        top += size.height() + gap
    painter.end()
    return sheet


def _pill(shown: Shown) -> QImage:
    pill = Pill()
    if shown.level > samples.LEVELS[0]:
        for level in samples.LEVELS:
            pill.show_state(replace(shown, level=level))
    pill.show_state(shown)
    settle()
    image = pill.grab().toImage()
    pill.end()
    pill.deleteLater()
    return image


def dictating(desktop: Desktop) -> QWidget:
    """Into the message: the button listens."""
    composer = desktop.window.pane.composer
    composer.set_text("Two questions about the lease: ")
    composer.mic.show_listening(listening=True, level=0.6)
    return desktop.window


def history(desktop: Desktop) -> QWidget:
    noon = datetime.now().astimezone().replace(hour=12, minute=0, second=0, microsecond=0).timestamp()
    rows = desktop.store.dictations
    for hours, seconds, text, failure, kept in samples.DICTATED:
        rows.add(
            created=noon - hours * 3600,
            seconds=seconds,
            text=text,
            recogniser="" if failure else "whisper-large-v3-turbo",
            language="" if failure else "en",
            failure=failure,
            audio="1.pcm" if kept else "",
        )
    desktop.dictation.show_history()
    shown = desktop.dictation.history
    assert shown is not None
    shown.choose(2)
    return shown


def history_failed(desktop: Desktop) -> QWidget:
    shown = history(desktop)
    assert isinstance(shown, HistoryWindow)
    shown.choose(3)
    return shown


def _history_empty(desktop: Desktop) -> QWidget:
    desktop.dictation.show_history()
    assert desktop.dictation.history is not None
    return desktop.dictation.history


def voice_settings(desktop: Desktop) -> QWidget:
    desktop.preferences.set(own_words="Priya Raghunathan\nChambéry\nmy street = 12 Rosenweg")
    desktop.show_settings()
    page = desktop.settings
    assert page is not None
    page.resize(page.width(), 1010)
    settle()
    page.show_dictation()
    return page


@dataclass(frozen=True)
class Scene:
    """chats: whether there is a history. model: what new chats would ask; "": what is there, the demonstration.
    text_size: per cent. mirrored: right to left.
    """

    bring: Callable[[Desktop], QImage | QWidget]
    chats: bool = True
    model: str = ""
    text_size: int = 100
    mirrored: bool = False


SCENES: dict[str, Scene] = {
    "first-start": Scene(first_start, chats=False),
    "requests": Scene(requests, chats=False),
    "answering": Scene(answering),
    "answered": Scene(answered),
    "empty": Scene(empty, model=_A_MODEL),
    "long-text": Scene(long_text, model=_NO_MODEL),
    "failed": Scene(failed),
    "models": Scene(models),
    "search": Scene(search, model=_NO_MODEL),
    "attachments": Scene(attachments, model=_A_MODEL),
    "stopped": Scene(stopped),
    "thinking": Scene(thinking, model=_NO_MODEL),
    "large-text": Scene(long_text, model=_NO_MODEL, text_size=200),
    "right-to-left": Scene(mirrored, model=_NO_MODEL, mirrored=True),
    "settings": Scene(beside.settings, model=_A_MODEL),
    "quick-empty": Scene(beside.quick_empty),
    "quick-answered": Scene(beside.quick_answered),
    "downloads": Scene(beside.downloads),
    "low-memory": Scene(beside.low_memory),
    "pictures": Scene(pictures, model=_ONE_THAT_SEES),
    "blind": Scene(blind),
    "pictures-said": Scene(pictures_said, model=_NO_MODEL),
    "overlay": Scene(overlay),
    "dictating": Scene(dictating, model=_A_MODEL),
    "dictations": Scene(history),
    "dictations-failed": Scene(history_failed),
    "dictations-empty": Scene(_history_empty),
    "voice-settings": Scene(voice_settings),
    "versions": Scene(habits.versions, model=_NO_MODEL),
    "find": Scene(habits.find, model=_NO_MODEL),
    "nothing-found": Scene(habits.nothing_found, model=_A_MODEL),
    "deleted": Scene(habits.deleted, model=_A_MODEL),
    "chat-settings": Scene(habits.chat_settings),
    "narrow": Scene(habits.narrow, model=_NO_MODEL),
    "narrow-first-start": Scene(habits.narrow_first, chats=False),
    "offline": Scene(habits.offline),
    "all-settings": Scene(habits.all_settings, model=_A_MODEL),
    "lens": Scene(habits.lens),
    "quick-answering": Scene(habits.quick_answering),
    "large-settings": Scene(beside.settings, model=_A_MODEL, text_size=200),
    "large-models": Scene(beside.downloads, text_size=200),
    "large-monitor": Scene(beside.low_memory, text_size=200),
    "large-first-start": Scene(first_start, chats=False, text_size=200),
    "large-quick": Scene(beside.quick_answered, text_size=200),
}
