"""One key, two ways: held while speaking, or pressed to begin and pressed to end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.dictation.key import HELD, Key, Wish


def test_held_it_listens_as_long_as_it_is_held():
    key, begin = Key().pressed(10.0, listening=False)
    key, end = key.released(10.0 + HELD, listening=True)

    assert (begin, end, key) == (Wish.BEGIN, Wish.END, Key())


def test_pressed_shortly_it_listens_until_it_is_pressed_again():
    key, begin = Key().pressed(10.0, listening=False)
    key, short = key.released(10.1, listening=True)
    key, end = key.pressed(15.0, listening=True)
    key, rest = key.released(17.0, listening=False)

    assert [begin, short, end, rest] == [Wish.BEGIN, Wish.NOTHING, Wish.END, Wish.NOTHING]


def test_releasing_ends_nothing_that_something_else_ended():
    key, _ = Key().pressed(10.0, listening=False)

    assert key.released(20.0, listening=False)[1] is Wish.NOTHING


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5))))
def test_whatever_the_keyboard_says_beginning_and_ending_take_turns(events):
    """Also when a release never comes, as when a password field took the keyboard."""
    key, now, listening = Key(), 0.0, False
    for down, later in events:
        now += later
        act = key.pressed if down else key.released
        key, wish = act(now, listening=listening)
        assert wish is Wish.NOTHING or (wish is Wish.BEGIN) is not listening
        listening = {Wish.BEGIN: True, Wish.END: False}.get(wish, listening)
