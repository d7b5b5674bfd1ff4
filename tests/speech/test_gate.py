"""When the gate opens and closes, for any voice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.speech.gate import Closed, Gate, Opened, Rules

RULES = Rules(longest=60, quiet=20)
LIKELY = st.lists(st.floats(0, 1), max_size=300)
QUIET, SPEECH = 0.05, 0.95


def stretches(probabilities, rules=RULES):
    """[start, end) of what was let through."""
    gate = Gate(rules)
    changes = [change for p in probabilities if (change := gate.feed(p)) is not None]
    if (last := gate.end()) is not None:
        changes.append(last)
    found, start = [], None
    for change in changes:
        if isinstance(change, Opened):
            assert start is None
            start = change.frame
        else:
            assert start is not None
            found.append((start, change.frame))
            start = change.frame if change.speaking else None
    assert start is None
    return found


@given(LIKELY)
def test_stretches_follow_each_other_within_the_sound(probabilities):
    at = 0
    for start, end in stretches(probabilities):
        assert at <= start < end <= len(probabilities)
        assert end - start <= RULES.longest
        at = end


@given(st.lists(st.floats(0, 0.499), max_size=300))
def test_what_is_never_speech_never_opens(probabilities):
    assert stretches(probabilities) == []


@given(before=st.integers(0, 50), said=st.integers(3, 40), after=st.integers(0, 50))
def test_a_word_is_whole_with_what_comes_before_it(before, said, after):
    ((start, end),) = stretches([QUIET] * before + [SPEECH] * said + [QUIET] * after, replace(RULES, longest=200))

    assert start == max(0, before - RULES.before)
    assert end >= before + said
    assert end == min(before + said + RULES.quiet, before + said + after)


def test_a_click_does_not_open():
    assert stretches([QUIET] * 10 + [SPEECH] * 2 + [QUIET] * 40) == []


def test_a_voice_that_falters_is_one_stretch():
    assert len(stretches([SPEECH] * 10 + [QUIET] * (RULES.quiet - 1) + [SPEECH] * 10)) == 1
    assert len(stretches([SPEECH] * 10 + [QUIET] * (RULES.quiet + RULES.before + 9) + [SPEECH] * 10)) == 2


def test_one_who_never_pauses_is_cut_at_the_longest():
    assert stretches([SPEECH] * 150) == [(0, 60), (60, 120), (120, 150)]


def test_and_rather_where_he_draws_breath():
    voice = [SPEECH] * 45 + [QUIET] * 3 + [SPEECH] * 40

    assert stretches(voice)[0] == (0, 46)


@pytest.mark.parametrize("wrong", [Rules(needed=1, among=1), Rules(before=0)])
def test_the_rules_matter(wrong):
    """A gate with worse rules lets a click through, or loses what came before."""
    probabilities = [QUIET] * 20 + [SPEECH] + [QUIET] * 30 + [SPEECH] * 5
    assert stretches(probabilities, wrong) != stretches(probabilities)


def test_closed_tells_whether_it_goes_on():
    gate = Gate(Rules(longest=5))
    changes = [gate.feed(SPEECH) for _ in range(5)]
    assert changes[-1] == Closed(5, speaking=True)
    assert gate.is_open
