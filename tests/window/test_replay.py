"""A monitor after a restart shows what it showed before."""

from __future__ import annotations

import zlib
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app import view as views
from app.store.store import Store
from app.window.models import Models
from app.window.replay import packed, unpacked
from app.window.start import Desktop
from app.window.timeline import Timeline
from engine import messages as m
from tests.window.acting import ActingEngine, answering, end, opening, tokens
from tests.window.driving import asked, idle, write


def answered() -> tuple[views.View, Timeline]:
    view, timeline, now = views.begin(None, 100.0), Timeline.begin(100.0), 100.0
    for event in [*opening("r"), *tokens("r", ["a ", "b"]), m.Reselected("r", "coverage", 3), end("r", "a b")]:
        now += 0.25
        view, timeline = views.reduce(view, event, now), timeline.after(event, now)
    return view, timeline


def test_it_comes_back_as_it_was():
    view, timeline = answered()

    found = unpacked(packed(view, timeline))

    assert found is not None
    again, times = found
    assert again.record is not None
    assert view.record is not None
    assert asdict(again.record) == asdict(replace(view.record, text=""))
    assert (again.memory, again.mode, again.judged) == (view.memory, view.mode, view.judged)
    assert again.coverage == pytest.approx(view.coverage, abs=1e-3)
    assert again.experts is not None
    assert view.experts is not None
    for name in ("resident", "uses", "order"):
        assert np.array_equal(getattr(again.experts, name), getattr(view.experts, name))
    assert times.totals() == pytest.approx(timeline.totals(), abs=1e-3)
    assert len(times.marks) == 1


def test_it_is_small_and_holds_no_text():
    view, timeline = answered()
    data = packed(view, timeline)

    assert len(data) < 30_000
    assert b'"a b"' not in zlib.decompress(data)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.dictionaries(st.sampled_from(["version", "view", "spans"]), st.integers()).map(
    lambda values: zlib.compress(repr(values).replace("'", '"').encode())))  # fmt: skip
def test_what_is_damaged_is_nothing(data):
    assert unpacked(data) is None


def test_the_monitor_shows_an_answer_of_the_last_run(qtbot, store, window, engine):
    engine.script = answering("One two three.")
    write(qtbot, window, "Why?")
    asked(qtbot, engine)
    idle(qtbot, window)
    window.toggle_monitor()
    before = (window.monitor._told.text(), window.monitor._held._value.text())

    later = Desktop(Store(store.path), ActingEngine, Models(look=list))
    later.window.open_chat(window.conversation.chat)
    later.window.show()

    assert later.window.monitor.isVisible()
    assert (later.window.monitor._told.text(), later.window.monitor._held._value.text()) == before
    assert later.window.monitor._map.isVisible()
    later.close()
