"""Virtual codes of the keys that lie the same in every layout, by Qt's names (HIToolbox/Events.h)."""

from __future__ import annotations

CODES = {
    "Return": 36,
    "Tab": 48,
    "Space": 49,
    "Backspace": 51,
    "Esc": 53,
    "Enter": 76,
    "Home": 115,
    "PgUp": 116,
    "Del": 117,
    "End": 119,
    "PgDown": 121,
    "Left": 123,
    "Right": 124,
    "Down": 125,
    "Up": 126,
    **dict(
        zip(
            (f"F{number}" for number in range(1, 21)),
            (122, 120, 99, 118, 96, 97, 98, 100, 101, 109, 103, 111, 105, 107, 113, 106, 64, 79, 80, 90),
            strict=True,
        )
    ),
}
