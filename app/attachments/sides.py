"""How large a PNG or JPEG says it is, from its first bytes. Pure: nothing is decoded."""

from __future__ import annotations

from itertools import pairwise

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The segments of a JPEG that tell its sides."""


def sides(data: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels; None: it is neither, or does not say."""
    if data.startswith(_PNG) and data[12:16] == b"IHDR" and len(data) >= 24:
        return _whole(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
    return _of_jpeg(data) if data.startswith(_JPEG) else None


def _of_jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _FRAMES:
            height, width = (int.from_bytes(data[a:b], "big") for a, b in pairwise((at + 5, at + 7, at + 9)))
            return _whole(width, height)
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if length < 2:
            return None
        at += 2 + length
    return None


def _whole(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width and height else None
