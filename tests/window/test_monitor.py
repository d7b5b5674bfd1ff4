"""The monitor: what it draws from a view, and that it follows the shown answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from app import view as views
from app.experts import Experts
from app.window import theme
from app.window.monitor.cells import cells, colours, experts_at, per_cell
from app.window.monitor.curve import _thinned
from app.window.monitor.map_view import MapView
from app.window.monitor.pane import MonitorPane
from app.window.timeline import Part, Timeline
from app.window.words import stage, summary
from engine import messages as m
from tests.window.acting import EXPERTS, LAYERS, answering, end, failure, opening, selection, tokens
from tests.window.driving import asked, idle, write


def seen(events, at: float = 0.0) -> views.View:
    view = views.begin(None, at)
    for event in events:
        view = views.reduce(view, event, at)
    return view


def experts_of(events, at: float = 0.0) -> Experts:
    experts = seen(events, at).experts
    assert experts is not None
    return experts


# --- cells ------------------------------------------------------------------------------------------------


def test_each_cell_is_an_expert_of_a_layer_in_drawing_order():
    experts = experts_of(opening("r"))

    shown = cells(experts, 0.0, 1)

    assert shown.resident.shape == (EXPERTS, LAYERS)
    assert shown.resident[:38].min() == 1.0
    assert shown.resident[38:].max() == 0.0
    assert experts_at(experts, 0, 0, 1) == [int(selection()[0, 0])]


def test_more_experts_than_rows_share_a_cell():
    experts = experts_of(opening("r"))

    shown = cells(experts, 0.0, per_cell(EXPERTS, 50))

    assert shown.per_cell == 3
    assert shown.resident.shape == (43, LAYERS)
    assert shown.resident[12].max() == pytest.approx(2 / 3)


def test_what_a_token_used_glows_and_fades():
    experts = experts_of([*opening("r"), *tokens("r", ["a"])], at=10.0)

    glows = [float(cells(experts, 10.0 + later, 1).glow.max()) for later in (0.0, 0.2, 0.5)]

    assert glows[0] == 1.0
    assert 0 < glows[1] < 1
    assert glows[2] == 0.0
    assert not cells(experts, 11.0, 1).moving


def test_wanted_in_vain_is_marked():
    shown = cells(experts_of([*opening("r"), *tokens("r", ["a"])]), 0.0, 1)

    assert shown.absent.sum() <= 1


def test_colours_run_from_disk_to_used():
    experts = experts_of([*opening("r"), *tokens("r", ["a"])])
    disk, here, used = (np.array([v] * 3, np.float32) for v in (10, 100, 200))

    packed = colours(cells(experts, 0.0, 1), disk, here, used)

    assert set(np.unique(packed & 0xFF)) == {10, 100, 200}


def test_a_model_is_only_said_to_have_no_experts_when_it_is_open():
    opened = m.ModelLoaded("r", "Dense", 0, 0, 0, 0, 0.8)
    loading = m.ModelLoading("r", "Dense", 1, 2)

    assert summary(seen([])) == summary(seen([loading])) == summary(seen([loading, failure("r")])) == ""
    assert summary(seen([loading, opened])) == "This model has no experts to pick: all of it is used."


# --- widgets ----------------------------------------------------------------------------------------------


@pytest.fixture
def shown_map(qtbot):
    widget = MapView()
    widget.resize(268, 10)
    qtbot.addWidget(widget)
    widget.show()
    widget.show_view(seen(opening("r")), "38 of 128")
    return widget


def test_the_map_is_painted_in_the_theme(shown_map):
    image = shown_map.grab().toImage()

    top, bottom = image.pixelColor(2, 2), image.pixelColor(2, image.height() - 3)
    look = theme.colours()
    assert top == theme.mixed(look.window, look.accent, 0.42)
    assert bottom == theme.mixed(look.window, look.text, 0.07)
    assert image.pixelColor(5, 2) == QColor(look.window)


def test_the_keys_walk_the_cells_and_say_what_they_are(qtbot, shown_map):
    said: list[str] = []
    shown_map.described.connect(said.append)

    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(shown_map, key)

    assert said[0].startswith("Layer 1, experts ")
    assert said[1].startswith("Layer 2, experts ")
    assert "in memory" in said[2]
    assert shown_map.accessibleDescription() == "38 of 128"


def test_the_monitor_follows_the_answer(qtbot, window, engine):
    engine.script = answering("One two three.")
    window.toggle_monitor()
    assert not window.strip.isVisible()

    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)

    pane = window.monitor
    assert pane._held._value.text() == "4.2 GB held, 4.3 GB promised"
    assert pane._told.text().startswith("38 of 128 experts per layer, 2.1\u00a0GB read, ")
    assert "Answering" in pane._timeline.accessibleDescription() or pane._timeline._timeline is not None
    window.new_chat()
    assert pane._nothing.isVisible()


def test_figures_are_renewed_less_often_than_the_map_while_tokens_come(qtbot, qapp):
    pane = MonitorPane()
    qtbot.addWidget(pane)
    timeline = Timeline.begin(0.0)
    first, second, third = (seen([*opening("r"), *tokens("r", "abcd"[:n])]) for n in (2, 3, 4))
    pane.show_answer(replace(first, now=1.0), timeline)

    pane.show_answer(replace(second, now=1.1), timeline)
    assert pane._map._view.tokens == 3
    assert pane._coverage._values == first.coverage
    pane.show_answer(replace(third, now=1.21), timeline)
    assert pane._coverage._values == third.coverage


def test_an_end_is_shown_at_once(qtbot, qapp):
    pane = MonitorPane()
    qtbot.addWidget(pane)
    going_on = seen([*opening("r"), *tokens("r", "abc")])
    failed = views.reduce(going_on, failure("r"), 0.01)
    pane.show_answer(going_on, Timeline.begin(0.0))

    pane.show_answer(failed, Timeline.begin(0.0))

    assert pane._took._value.text() == stage(failed) != stage(going_on)


def test_closed_it_is_one_line(qtbot, window, engine):
    engine.script = answering("One two three.")

    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)

    assert window.strip.text().startswith("38 of 128 experts per layer · 9")
    assert window.strip.text().endswith("31 tokens/s · 4.2 GB")
    assert not window.monitor.isVisible()
    window.strip.click()
    assert window.monitor.isVisible()


def test_a_dense_model_has_no_map(qtbot, window, engine):
    def dense(ask: m.Ask) -> list[m.Event]:
        return [m.ModelLoaded(ask.request, "Small", 0, 0, 0, 0, 0.1), end(ask.request, "So.")]

    engine.script = dense
    window.toggle_monitor()
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)

    assert not window.monitor._map.isVisible()
    assert "no experts to pick" in window.monitor._told.text()


def test_thinning_hides_no_dip():
    values = [1.0] * 239 + [0.1]

    assert len(_thinned(values)) == 60
    assert min(_thinned(values)) == 0.1


def test_the_timeline_has_no_gaps():
    timeline, now = Timeline.begin(0.0), 0.0
    for event in [*opening("r"), *tokens("r", ["a", "b"]), m.Reselected("r", "coverage", 3), *tokens("r", ["c"])]:
        now += 0.1
        timeline = timeline.after(event, now)

    assert list(timeline.totals()) == [Part.WAIT, Part.LOAD, Part.CLASSIFY, Part.PREFILL, Part.READ, Part.DECODE]
    assert sum(timeline.totals().values()) == pytest.approx(now)
    assert len(timeline.marks) == 1
    assert all(a.ended == b.began for a, b in zip(timeline.spans, timeline.spans[1:], strict=False))


# --- layers, lens, what was dropped, pressure -------------------------------------------------------------


def dropped(at: float) -> views.View:
    """Everything that was in memory makes room for the first experts."""
    view = seen(opening("r"))
    ids = np.tile(np.arange(38, dtype=np.int16), (LAYERS, 1))
    return views.reduce(view, m.ExpertsResident("r", ids, 38, 38), at)


def test_what_was_dropped_fades_to_disk():
    experts = dropped(10.0).experts
    assert experts is not None
    gone = experts.dropped_at == 10.0
    assert gone.any()
    assert not (gone & experts.resident).any()

    sums = [float(cells(experts, 10.0 + later, 1).resident.sum()) for later in (0.0, 0.15, 0.4)]

    assert sums[0] > sums[1] > sums[2] == LAYERS * 38
    assert cells(experts, 10.0, 1).moving
    assert not cells(experts, 10.4, 1).moving
    assert float(cells(experts, 10.0, 1, still=True).resident.sum()) == LAYERS * 38


def test_a_click_on_a_layer_shows_its_bars(qtbot, window, engine):
    engine.script = answering("One two three.")
    window.toggle_monitor()
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)
    pane = window.monitor
    assert not pane._bars.isVisible()

    pane._map.setFocus()
    qtbot.keyClick(pane._map, Qt.Key.Key_Right)
    qtbot.keyClick(pane._map, Qt.Key.Key_Return)
    assert pane._bars.isVisible()
    assert pane._bars.accessibleDescription().startswith("Layer 1: 38 of 128 in memory, expert ")

    qtbot.keyClick(pane._map, Qt.Key.Key_Return)
    assert not pane._bars.isVisible()


def test_the_lens_shows_the_experts_of_a_cell_singly(qtbot, shown_map):
    shown_map.set_most_height(40 * 6)
    qtbot.keyClick(shown_map, Qt.Key.Key_Right)

    assert shown_map._lens.isVisible()
    assert list(shown_map._lens._ids) == experts_at(shown_map._view.experts, 0, 0, 4)
    shown_map._lens.grab()
    qtbot.keyClick(shown_map, Qt.Key.Key_Down)
    assert list(shown_map._lens._ids) == experts_at(shown_map._view.experts, 0, 1, 4)
    assert shown_map.rect().contains(shown_map._lens.geometry())


def test_where_a_cell_is_one_expert_there_is_no_lens(qtbot, qapp):
    view = views.begin(None, 0.0)
    view = views.reduce(view, m.ModelLoaded("r", "Small", 4, 8, 2, 1000, 0.1), 0.0)
    widget = MapView()
    qtbot.addWidget(widget)
    widget.resize(200, 100)
    widget.show()
    widget.show_view(view, "")

    qtbot.keyClick(widget, Qt.Key.Key_Right)

    assert not widget._lens.isVisible()


def test_pressure_is_told(qtbot, window, engine):
    from dataclasses import replace

    from engine.messages import Pressure

    pane = window.monitor
    window.toggle_monitor()
    view = seen(opening("r"))

    for pressure, words in ((0, ""), (1, "Memory is short"), (2, "Memory is very short")):
        pane.show_answer(replace(view, pressure=Pressure(pressure)), Timeline.begin(0.0))
        assert pane._short.isVisible() is bool(words)
        assert pane._short.text() == words
        assert pane._memory.accessibleDescription().endswith(words)
