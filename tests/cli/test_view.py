"""The state behind the live panel, and the panel itself, from events alone."""

from __future__ import annotations

import numpy as np
import pytest
from rich.cells import cell_len

from app import view
from app.cli import expert_map
from app.cli.expert_map import ABSENT, DARK, DISK, READING, RESIDENT, USED
from app.cli.live import Wrapped
from app.cli.panel import Look, curve, height_for, panel
from app.view import View
from engine import messages as m

MEMORY = m.Memory(100, 200, 400, 50, 50, 700, 800, 1000)
L, E, K = 3, 8, 2


def ids(*rows):
    return np.array(rows, np.int16)


def token(used, absent, coverage=1.0, index=0, text="x"):
    return m.Token("r", text, index, np.full(L, coverage, np.float32), ids(*[used] * L), ids(*[absent] * L))


def folded(*events: m.Event, seconds: float = 0.1) -> View:
    state = view.begin(None, 0.0)
    for number, event in enumerate(events):
        state = view.reduce(state, event, number * seconds)
    return state


LOADED = m.ModelLoaded("r", "tiny", L, E, K, 3000, 0.1)
PLANNED = m.Planned("r", m.Mode.BALANCED, "auto", 1, 3, MEMORY, "")
SELECTED = m.ExpertsSelected("r", ids(*[[5, 1, 2]] * L))
RESIDENT_NOW = m.ExpertsResident("r", ids(*[[1, 2, 5]] * L), 0, 9)
PREFILLED = m.Prefilled("r", 10, 0, 0.1)
READY = (LOADED, PLANNED, SELECTED, RESIDENT_NOW, PREFILLED)
ANSWERING = (*READY, token([5, 1], [7, -1], 0.5))


def shown(state: View, now: float, lines: int = E):
    assert state.experts is not None
    grid = expert_map.fit(L, E, 20, lines, halves=False)
    return expert_map.codes(state.experts, grid, now)


def test_the_stages_have_words():
    stages = [folded(*READY[:n]).stage for n in (0, 1, 2, 5)]
    assert stages == ["Starting", "Picking experts", "Picking experts", "Answering"]


def test_the_panel_says_how_hard_the_request_seems():
    state = folded(LOADED, m.Classified("r", "code", 0.4, "2b", m.Mode.BALANCED, "Middling: code."), *READY[1:])
    text = "\n".join("".join(s.text for s in line) for line in panel(state, Look(None, 120, 12)))

    assert "Request  Middling: code." in text
    assert "Request" not in "".join(s.text for line in panel(folded(*READY), Look(None, 120, 12)) for s in line)


def test_memory_that_gets_short_is_told_and_kept():
    less = m.Memory(100, 200, 200, 50, 50, 0, 600, 1000)
    state = folded(*ANSWERING, m.Resized("r", m.Pressure.WARN, 3, 2, less, "Memory is short."))
    assert (state.resident, state.pressure) == (2, m.Pressure.WARN)
    assert state.memory is not None
    assert state.memory.promised == 600

    text = "\n".join("".join(s.text for s in line) for line in panel(state, Look(None, 120, 12)))
    assert "Memory ! 700 bytes held, 600 bytes promised" in text
    assert "Memory is short. 2 experts per layer instead of 3" in text
    sampled = view.reduce(state, m.MemorySample("r", less, m.Pressure.NORMAL), 9.0)
    assert sampled.pressure is m.Pressure.NORMAL
    assert sampled.happened == state.happened
    assert "Memory   0 bytes held" in "".join(s.text for line in panel(sampled, Look(None, 120, 12)) for s in line)


def test_weights_given_back_between_requests_change_nothing_shown():
    state = folded(*ANSWERING)
    assert view.reduce(state, m.Released("m", "banks", 5, "nobody asked"), state.now) == state


def test_residents_and_bytes_read():
    state = folded(*READY)
    assert state.experts is not None
    assert state.experts.resident.sum() == 9
    assert state.read == 9 * 1000


def test_reading_adds_up_over_batches():
    loading = [m.ExpertsLoading("r", 0, 1, 500, 2000), m.ExpertsLoading("r", 0, 2, 2000, 2000)]
    state = folded(LOADED, PLANNED, *loading, m.ExpertsLoading("r", 1, 0, 300, 300))
    assert state.read == 2300
    assert state.read_speed == pytest.approx(15_000)
    assert (shown(state, 0)[:, 0] == READING).sum() == 2


def test_the_picked_ones_are_on_top_and_stay_there():
    state = folded(*READY, token([1, 1], [-1, -1]))
    assert state.experts is not None
    assert state.experts.order[0].tolist() == [5, 1, 2, 0, 3, 4, 6, 7]
    assert shown(state, 10)[:, 0].tolist() == [RESIDENT + 3] * 3 + [DISK] * 5


def test_what_a_token_used_glows_and_fades():
    state = folded(*READY, token([5, 1], [-1, -1]))
    assert shown(state, state.now)[0, 0] == USED + 3
    assert USED <= shown(state, state.now + 0.3)[0, 0] < USED + 3
    assert shown(state, state.now + 1)[0, 0] == RESIDENT + 3


def test_what_a_token_wanted_in_vain_is_marked():
    state = folded(*READY, token([5, 1], [7, -1], coverage=0.5))
    assert shown(state, state.now)[7, 0] == ABSENT
    assert shown(state, state.now + 1)[7, 0] == DISK
    assert state.coverage == (0.5,)


def test_what_was_read_on_demand_takes_the_place_of_the_longest_unused():
    state = folded(*READY, token([5, 1], [-1, -1]), token([7, 1], [7, -1]))
    assert state.experts is not None
    assert np.flatnonzero(state.experts.resident[0]).tolist() == [1, 5, 7]


def test_views_are_values():
    before = folded(*READY)
    assert before.experts is not None
    kept = before.experts.resident.copy()
    view.reduce(before, token([7, 6], [7, -1]), 1.0)
    assert (before.experts.resident == kept).all()


def test_the_next_request_orders_by_use():
    state = folded(*READY, token([2, 2], [-1, -1]), token([2, 1], [-1, -1]))
    following = view.reduce(view.begin(state, 5.0), SELECTED, 5.1)
    assert following.experts is not None
    assert following.experts.order[0].tolist()[:3] == [2, 1, 5]
    assert following.tokens == 0


def test_tokens_per_second():
    state = folded(*READY, *[token([5, 1], [-1, -1])] * 12)
    assert state.tokens_per_second == pytest.approx(10)


def test_held_back_text_is_no_token():
    nothing = m.Token("r", "rest", 1, np.zeros(0, np.float32), np.zeros((0, 0), np.int16), np.zeros((0, 0), np.int16))
    assert folded(*READY, nothing).tokens == 0


def test_a_dense_model_has_speed_and_no_map():
    nothing = m.Token("r", "x", 0, np.zeros(0, np.float32), np.zeros((0, 0), np.int16), np.zeros((0, 0), np.int16))
    state = folded(m.ModelLoaded("r", "dense", 0, 0, 0, 0, 0.1), PLANNED, *[nothing] * 5)
    assert state.tokens_per_second == pytest.approx(10)
    assert panel(state, Look(None, 80, 10))


@pytest.mark.parametrize("palette", [None, DARK])
@pytest.mark.parametrize("width", [10, 30, 60, 79, 139, 300])
@pytest.mark.parametrize("terminal", [3, 12, 24, 40])
@pytest.mark.parametrize("events", [(), READY[:2], ANSWERING], ids=["none", "plan", "answer"])
def test_the_panel_keeps_inside_its_lines(palette, width, terminal, events):
    state = folded(*events)
    height = height_for(terminal, E)
    lines = panel(state, Look(palette, width, height))
    assert len(lines) <= height < terminal
    assert max(sum(s.cell_length for s in line) for line in lines) <= width


@pytest.mark.parametrize(("layers", "experts"), [(1, 1), (3, 8), (48, 128), (94, 512), (27, 60)])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (40, 8), (46, 16), (200, 50)])
@pytest.mark.parametrize("halves", [True, False])
def test_any_model_fits(layers, experts, width, height, halves):
    grid = expert_map.fit(layers, experts, width, height, halves=halves)
    assert grid.width <= width
    assert grid.rows <= height * (2 if halves else 1)
    assert grid.columns * grid.layers_per_cell >= layers
    assert grid.rows * grid.experts_per_cell >= experts


def test_the_panel_says_it_in_words():
    lines = panel(folded(*READY, token([5, 1], [7, -1], 0.5)), Look(None, 79, 10))
    assert "".join(s.text for s in lines[-1]) == "3 of 8 experts per layer, 9 KB read, 50 % of what the model asked for"


def test_curves():
    assert curve([0, 0.5, 0.99, 1], 1.0, 10) == "▁▄▇█"
    assert curve([1, 2, 3], 3, 2) == "▅█"
    assert curve([], 0, 5) == ""


def test_wrapping_loses_nothing_but_spaces_at_the_ends():
    wrapped = Wrapped()
    text = "one two three\nfour  five sixseveneightnine ten\n"
    lines = [line for character in text for line in wrapped.add(character, 9)]
    assert lines == ["one two", "three", "four", "five", "sixsevene", "ightnine", "ten"]
    assert wrapped.rest == ""


def test_wide_letters_and_control_codes():
    wrapped = Wrapped()
    lines = wrapped.add("\x1b[2J中文中文中文 x", 8)
    assert all(cell_len(line) <= 8 for line in lines)
    assert "\x1b" not in "".join([*lines, wrapped.rest])
