from __future__ import annotations

import pytest

from app.markdown.thinking import Parts, parted


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", Parts("", "", going_on=False)),
        ("Hello", Parts("", "Hello", going_on=False)),
        ("<th", Parts("", "", going_on=True)),
        ("<think>Let me", Parts("Let me", "", going_on=True)),
        ("<think>Let me</thi", Parts("Let me", "", going_on=True)),
        ("<think>\nLet me\n</think>\n\nHello", Parts("Let me", "Hello", going_on=False)),
        ("Let me\n</think>\nHello", Parts("Let me", "Hello", going_on=False)),
        ("<thing> is no mark", Parts("", "<thing> is no mark", going_on=False)),
    ],
)
def test_parted(text, parts):
    assert parted(text) == parts
