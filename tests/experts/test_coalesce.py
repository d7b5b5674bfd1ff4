"""Neighbouring pieces become few reads, and every byte of every piece is read exactly once, to its own place."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.experts.loader import coalesce
from engine.experts.reading import Range

_FILES, _LENGTH = 3, 600
_DISK = [np.random.default_rng(n).integers(0, 256, _LENGTH, np.uint8) for n in range(_FILES)]


@st.composite
def _pieces(draw):
    """Pieces of a few files in any order, many of them neighbours, none overlapping."""
    pieces = []
    for file in range(_FILES):
        cuts = sorted(draw(st.sets(st.integers(0, _LENGTH), max_size=10)))
        spans = list(pairwise(cuts))
        wanted = [span for span in spans if draw(st.integers(0, 3))]
        pieces += [Range(file, a, (np.zeros(b - a, np.uint8),)) for a, b in wanted]
    return draw(st.permutations(pieces))


def _read(reads):
    for read in reads:
        at = read.offset
        for view in read.views:
            np.add(view, _DISK[read.file][at : at + view.nbytes], out=view)  # adds up: a byte read twice shows
            at += view.nbytes


@given(_pieces(), st.integers(1, 700))
@settings(max_examples=150, deadline=None)
def test_every_byte_of_every_piece_is_read_exactly_once(pieces, most):
    reads = coalesce(pieces, most)
    _read(reads)

    for piece in pieces:
        assert (piece.views[0] == _DISK[piece.file][piece.offset : piece.offset + piece.nbytes]).all()
    assert sum(read.nbytes for read in reads) == sum(piece.nbytes for piece in pieces)


@given(_pieces(), st.integers(1, 700))
@settings(max_examples=100, deadline=None)
def test_reads_are_in_order_and_none_is_longer_than_allowed(pieces, most):
    reads = coalesce(pieces, most)

    assert all(0 < read.nbytes <= most for read in reads)
    assert [(r.file, r.offset) for r in reads] == sorted((r.file, r.offset) for r in reads)


@given(_pieces())
@settings(max_examples=100, deadline=None)
def test_no_two_reads_could_have_been_one(pieces):
    reads = coalesce(pieces, _FILES * _LENGTH)

    for one, other in pairwise(reads):
        assert (one.file, one.offset + one.nbytes) != (other.file, other.offset)


def test_a_long_piece_is_cut():
    (piece,) = coalesce([Range(0, 7, (np.zeros(10, np.uint8),))], most=10)
    assert piece.nbytes == 10
    assert [(r.offset, r.nbytes) for r in coalesce([Range(0, 7, (np.zeros(10, np.uint8),))], most=4)] == [
        (7, 4),
        (11, 4),
        (15, 2),
    ]
