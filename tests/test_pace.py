"""How fast tokens come, told from moments that are not when they were made."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pace import LEAST_SECONDS, LOOK_BACK, Pace


def paces(arrivals: list[float]) -> list[Pace]:
    return list(accumulate(range(1, len(arrivals) + 1), lambda p, n: p.after(n, arrivals[n - 1]), initial=Pace()))[1:]


def test_two_tokens_that_were_read_at_once_say_nothing_of_speed():
    assert [pace.per_second for pace in paces([5.0, 5.000041])] == [None, None]


def test_a_slow_answer_tells_its_speed_with_the_second_token():
    assert paces([0.0, 2.0])[-1].per_second == pytest.approx(0.5)


def test_tokens_that_waited_for_their_reader_count_over_the_time_they_waited():
    even = [0.03 * n for n in range(20)]
    held_up = [even[-1] + 2.0 + 0.00001 * n for n in range(66)]
    assert paces(even + held_up)[-1].per_second == pytest.approx(33, rel=0.1)


def test_the_speed_is_that_of_late():
    slow, fast = [0.5 * n for n in range(10)], [4.5 + 0.01 * n for n in range(1, 200)]
    assert paces(slow + fast)[-1].per_second == pytest.approx(100, rel=0.05)


@given(st.floats(1, 5_000), st.floats(0.001, LEAST_SECONDS / 3), st.integers(2, 400))
def test_no_speed_is_far_from_the_true_one_however_tokens_are_bunched(rate: float, bunch: float, count: int):
    """Each token is seen up to `bunch` seconds after it was made, together with all that were made meanwhile."""
    seen = [bunch * -(-(n / rate) // bunch) for n in range(count)]
    for pace in paces(seen):
        if (told := pace.per_second) is not None:
            assert told * LEAST_SECONDS <= rate * (LEAST_SECONDS + bunch) + 1


@given(st.lists(st.floats(0, 0.1), max_size=300))
def test_marks_stay_few(gaps: list[float]):
    pace = paces(list(accumulate(gaps)))[-1] if gaps else Pace()
    assert len(pace.marks) <= LOOK_BACK / 0.02 + 2
