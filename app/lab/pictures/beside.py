"""Scenes of what stands beside the chat: the quick prompt, settings, downloads, a memory that gets short.

Downloads are the app's own with work that does as it is told, and the short memory comes from written events: neither
can be had on request. All else is the real thing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QMargins, QPoint, QRect
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app import view as views
from app.lab.bench import scripted
from app.lab.pictures.studio import settle, until
from app.window import theme
from app.window.models_page.downloads import Downloads
from app.window.models_page.page import ModelsPage
from app.window.quick.prompt import QuickPrompt
from app.window.start import Desktop
from app.window.timeline import Timeline
from engine import messages as m
from engine.errors import KnownError
from engine.models import places
from engine.models.download.progress import Progress, Pulled, Stage
from engine.models.download.retrying import Interrupted
from engine.models.download.stopping import Stop
from engine.models.recommended import recommended

_AROUND = 64
_GB = 1_000_000_000
_NOBODY = "A model"
_NO_ROOM = KnownError("The disk has 2.1 GB free and the model needs 3.9.", "Make room and try again.")
_NO_NETWORK = Interrupted("The network is gone.")


def quick_empty(desktop: Desktop) -> QImage:
    """With a request half typed."""
    desktop.models.choose(_NOBODY)
    prompt = _quick(desktop)
    QTest.keyClicks(prompt.panel.field, "What will the weather be like in")
    return picture(desktop)


def quick_answered(desktop: Desktop) -> QImage:
    """By the built-in model, taken for a real one: as the demonstration it is not asked here."""
    desktop.models.choose(str(places.builtin()))
    prompt = _quick(desktop)
    prompt.ask("I want to book a table for two at a restaurant tonight.")
    until(lambda: desktop.answers.latest() is None and prompt.panel.answer.plain())
    return picture(desktop)


def _quick(desktop: Desktop) -> QuickPrompt:
    prompt = desktop.resident.prompt
    prompt.open()
    until(prompt.panel.isVisible)
    return prompt


def picture(desktop: Desktop) -> QImage:
    """On a ground, since its corners are round."""
    settle()
    panel, colours = desktop.resident.prompt.panel, theme.colours()
    taken = panel.grab()
    ground = QImage(taken.size().grownBy(QMargins(_AROUND, _AROUND, _AROUND, _AROUND)), QImage.Format.Format_RGB32)
    ground.fill(theme.mixed(colours.window, colours.text, 0.18))
    painter = QPainter(ground)
    painter.drawPixmap(QRect(QPoint(_AROUND, _AROUND), taken.size()), taken)
    painter.end()
    desktop.resident.prompt.dismiss()
    return ground


def settings(desktop: Desktop) -> QWidget:
    desktop.show_settings()
    assert desktop.settings is not None
    return desktop.settings


# --- downloads --------------------------------------------------------------------------------------------


def downloads(desktop: Desktop) -> QImage:
    """One runs, one is paused, one has no room, one waits for the network."""
    full, broken, runs = (model.repository for model in recommended()[-3:])
    paused = "mlx-community/Mixtral-8x7B-Instruct-v0.1-4bit"
    path = places.home() / "pictured.json"
    queue = Downloads(_Works({full: _NO_ROOM, broken: _NO_NETWORK}), path)
    page = ModelsPage(desktop.models, queue, desktop.window)
    page.show()
    for name in (full, broken):
        queue.add(name)
    until(lambda: all((job := queue.job(name)) is not None and job.problem for name in (full, broken)))
    queue.add(paused)
    queue.pause(paused)
    queue.add(runs)
    until(lambda: (going := queue.going(runs)) is not None and going.speed)
    taken = page.grab().toImage()
    page.end()
    queue.close()
    path.unlink(missing_ok=True)
    page.deleteLater()
    return taken


class _Works:
    """A name fails as told, or goes on at some speed until it is stopped."""

    def __init__(self, failures: dict[str, Exception]) -> None:
        self._failures = failures

    def __call__(self, name: str, stop: Stop, tell: Callable[[Progress], None]) -> Pulled:
        if name in self._failures:
            raise self._failures[name]
        done = 3 * _GB
        while True:
            stop.check()
            done += _GB // 20
            tell(Progress(Stage.LOADING, "", done, 17 * _GB, done - 3 * _GB))
            stop.wait(0.5)


# --- memory -----------------------------------------------------------------------------------------------


def low_memory(desktop: Desktop) -> QWidget:
    """In the middle of an answer other programs want memory, and the banks get smaller."""
    view, timeline = views.begin(None, 0.0), Timeline.begin(0.0)
    tokens = scripted.answered("r", scripted.Script("Written sample. " * 60, 90))
    memory = replace(scripted.MEMORY, banks=scripted.MEMORY.banks // 2, promised=4_100_000_000)
    words = "Other programs need memory, so fewer experts stay."
    less = m.Resized("r", m.Pressure.WARN, scripted.RESIDENT, scripted.RESIDENT // 2, memory, words)
    now = 0.0
    held = m.MemorySample("r", replace(memory, peak=3_900_000_000), m.Pressure.WARN)
    for event in (*scripted.opening("r"), *tokens, less, held):
        now += 0.03
        view, timeline = views.reduce(view, event, now), timeline.after(event, now)
    desktop.window.toggle_monitor()
    desktop.window.monitor.show_answer(view, timeline)
    return desktop.window.monitor
