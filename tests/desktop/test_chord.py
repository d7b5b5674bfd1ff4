"""Keys as Qt writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QKeySequence

from app.desktop.chord import Chord, Modifier
from engine.errors import KnownError


@pytest.mark.parametrize(
    ("text", "modifiers", "key"),
    [
        ("Alt+Space", {Modifier.ALT}, "Space"),
        ("Ctrl+Shift+K", {Modifier.CTRL, Modifier.SHIFT}, "K"),
        ("Meta++", {Modifier.META}, "+"),
        ("F5", set(), "F5"),
        ("Shift+F12", {Modifier.SHIFT}, "F12"),
    ],
)
def test_keys(text, modifiers, key):
    assert Chord.of(text) == Chord(frozenset(modifiers), key)
    assert QKeySequence.fromString(text).toString() == text  # it is what Qt writes


@pytest.mark.parametrize("text", ["", "K", "Shift+K", "Space", "Hyper+K", "Ctrl+", "+"])
def test_what_would_be_taken_from_every_program_is_refused(text):
    with pytest.raises(KnownError):
        Chord.of(text)


@given(st.text(max_size=12))
def test_no_text_is_a_bug(text):
    try:
        chord = Chord.of(text)
    except KnownError:
        return
    assert chord.key
