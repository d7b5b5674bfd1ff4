"""What stands for pictures and sounds in a prompt's tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.vision.marks import fingerprint, longest, pieces, rows, stretches

TOKENS = st.lists(
    st.tuples(st.sampled_from([1, 2, -7, -8, -9]), st.integers(1, 9)).map(lambda pair: [pair[0]] * pair[1]), max_size=12
).map(lambda runs: [token for run in runs for token in run])


def test_a_fingerprint_is_negative_and_tells_contents_apart():
    assert fingerprint([b"one"]) == fingerprint([b"o", b"ne"]) < 0
    assert fingerprint([b"one"]) != fingerprint([b"two"])
    assert fingerprint([b"one"]) > -(1 << 63)


def test_stretches_and_rows_of_two_pictures_side_by_side():
    tokens = [1, -7, -7, -8, 2, -7]

    assert stretches(tokens) == [(-7, 1, 2), (-8, 3, 1), (-7, 5, 1)]
    assert rows(tokens) == [0, 0, 1, 0, 0, 0]
    assert longest(tokens) == 2


@given(TOKENS, st.integers(1, 7), st.booleans())
def test_pieces_are_the_whole_prompt_in_order(tokens, most, whole):
    cut = pieces(tokens, most, whole=whole)

    assert [token for part in cut for token in part] == tokens
    assert all(cut)


@given(TOKENS, st.integers(1, 7))
def test_a_whole_picture_is_never_cut_and_nothing_else_is_too_long(tokens, most):
    at = 0
    for part in pieces(tokens, most, whole=True):
        assert at == 0 or part[0] >= 0 or part[0] != tokens[at - 1]
        assert len(part) <= most or len(set(part)) == 1
        at += len(part)
