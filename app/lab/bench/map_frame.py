"""How long one frame of the expert map takes, from a view to pixels, at 40 layers of 256 experts. Interface thread."""

from __future__ import annotations

import time

import numpy as np

from app import view as views
from app.lab.bench.figures import Figure
from app.lab.bench.scripted import EXPERTS, LAYERS, Script, answered, opening
from app.lab.bench.stage import application, settle
from app.lab.bench.writing import answer
from app.view import View
from app.window import theme
from app.window.monitor.map_view import MapView

GOAL = 0.002
_PER_SECOND = 30.0


def measure(frames: int) -> Figure:
    """As it fades: every frame is of another token, and the cells of the last ones glow."""
    shown = _answering(frames)
    application()
    theme.dress(dark=False)
    map_view = MapView()
    map_view.setFixedWidth(theme.MONITOR - 4 * theme.GRID)
    map_view.show()
    map_view.show_view(shown[0], "")
    settle()
    seconds = []
    for each in shown:
        began = time.perf_counter()
        map_view.show_view(each, "")
        map_view.repaint()
        seconds.append(time.perf_counter() - began)
    map_view.hide()
    map_view.deleteLater()
    settle()
    return Figure(
        f"A frame of the expert map, {LAYERS} x {EXPERTS}",
        "s",
        GOAL,
        tuple(seconds),
        details=(("frames", frames), ("cells", int(np.prod((LAYERS, EXPERTS))))),
    )


def _answering(frames: int) -> list[View]:
    """The views of an answer, a token for each frame."""
    view = views.begin(None, 0.0)
    for event in opening("map"):
        view = views.reduce(view, event, 0.0)
    shown = []
    for number, token in enumerate(answered("map", Script(answer(frames), frames))):
        view = views.reduce(view, token, number / _PER_SECOND)
        shown.append(view)
    return shown
