"""Bytes to text: UTF-8, what a byte order mark says, then a guess that has to be a good one. Pure."""

from __future__ import annotations

import codecs

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 100_000
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13, 27}


def decoded(data: bytes) -> str | None:
    """None: it is no text, or nobody can say in which encoding. Line ends become plain."""
    text = _decoded(data)
    return None if text is None else text.replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if not is_binary(data):
        text = _strictly(data, "utf-8")
        return text if text is not None else _guessed(data)
    return None


def is_binary(data: bytes) -> bool:
    """No text without a mark holds zero bytes, or control characters in numbers."""
    sample = data[:_SAMPLE]
    return b"\0" in data or sum(byte in _CONTROLS for byte in sample) > len(sample) / 100


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeError:
        return None


def _guessed(data: bytes) -> str | None:
    """By charset-normalizer, from the beginning; the whole must then decode without a fault."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    return None if best is None else _strictly(data, best.encoding)
