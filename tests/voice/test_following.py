"""Which sentences can be read while an answer is written: never one that changes afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.voice.following import Following
from app.voice.reading import sentences

ANSWERS = [
    "Hello there. Dr. Smith is here! Is it e.g. late? Yes.",
    "# A heading\n\nIt is so. It is not.\n\n1. Milk\n2. Bread. Both.\n\n```python\nx = 1.5\ny = 2\n```\nDone.",
    "A title\n=======\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nSee [the page](https://example.org/x.y). Bye.",
    "<think>Let me think. Hm.</think>The answer is 4.2, not 5. OK.",
    "Look: https://example.org/a.b?c=d. It is `code.here()` there. **Bold. Text.** End",
    "> Quoted. Twice.\n\n---\n\n- one\n- two. three\n\n$$x = 1.$$\n\nLast.",
]


@pytest.mark.parametrize("text", ANSWERS)
@given(cuts=st.lists(st.integers(0, 200), max_size=12))
def test_however_it_comes_every_sentence_is_read_once_and_as_it_is_at_the_end(text, cuts):
    following, read = Following(), []
    for cut in sorted(cuts):
        read += following.more(text[:cut], ended=False)
    read += following.more(text, ended=True)
    whole = [*sentences(text.rpartition("</think>")[2])]
    assert read == whole


@pytest.mark.parametrize("text", ANSWERS)
def test_letter_by_letter_too(text):
    following, read = Following(), []
    for cut in range(len(text)):
        read += following.more(text[:cut], ended=False)
    early = len(read)
    read += following.more(text, ended=True)
    assert read == [*sentences(text.rpartition("</think>")[2])]
    assert early > 0


def test_the_first_sentence_is_read_as_soon_as_the_next_begins():
    following = Following()
    assert following.more("It is so", ended=False) == []
    assert following.more("It is so.", ended=False) == []
    assert following.more("It is so. And", ended=False) == ["It is so."]
