"""Fingerprints: the negative numbers that stand for pictures and sounds in a prompt's tokens. Pure; knows no model.

Each token of a medium is its fingerprint. So two prompts are equal only when their media are, and nothing that
compares, counts or cuts prompts needs to know what a picture is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby

_BYTES = 7
"""Of the digest: fits in an int64, and meets another medium once in 2 ** 28."""


def fingerprint(contents: Iterable[bytes | memoryview]) -> int:
    """Negative; the same for the same bytes in all."""
    digest = hashlib.blake2b(digest_size=_BYTES)
    for content in contents:
        digest.update(content)
    return -1 - int.from_bytes(digest.digest(), "big")


def stretches(tokens: Sequence[int]) -> list[tuple[int, int, int]]:
    """(fingerprint, where it begins, how long) of every stretch of one medium's tokens."""
    found, at = [], 0
    for token, run in groupby(tokens, lambda token: min(token, 0)):
        length = len(list(run))
        if token < 0:
            found.append((token, at, length))
        at += length
    return found


def longest(tokens: Sequence[int]) -> int:
    """Tokens of the longest medium; 0 without any."""
    return max((length for _, _, length in stretches(tokens)), default=0)


def rows(tokens: Sequence[int]) -> list[int]:
    """For each token which row of its medium it is; 0 where it is a word."""
    found = [0] * len(tokens)
    for _, at, length in stretches(tokens):
        found[at : at + length] = range(length)
    return found


def pieces(tokens: Sequence[int], most: int, *, whole: bool) -> list[Sequence[int]]:
    """Cut in pieces of at most `most` tokens; where media are to be whole, never within one, and a longer one is a
    piece of its own.
    """
    if not whole:
        return [tokens[at : at + most] for at in range(0, len(tokens), most)]
    cut: list[Sequence[int]] = []
    begin = 0
    while begin < len(tokens):
        end = min(begin + most, len(tokens))
        first = end
        while begin < first < len(tokens) and tokens[first] < 0 and tokens[first] == tokens[first - 1]:
            first -= 1
        if first == begin:  # a picture begins here and goes on past `most`
            while end < len(tokens) and tokens[end] < 0 and tokens[end] == tokens[end - 1]:
                end += 1
            first = end
        cut.append(tokens[begin:first])
        begin = first
    return cut
