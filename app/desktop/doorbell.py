"""How a second start asks the running Cadre for something: one word over a local socket. Knows no Qt, so it is quick.

The socket lies in Cadre's folder, which only its owner can enter.
"""

from __future__ import annotations

import hashlib
import socket
import tempfile
from pathlib import Path

from engine.models import places

SHOW, QUICK, DICTATE = "show", "quick", "dictate"
WORDS = frozenset({SHOW, QUICK, DICTATE})
LONGEST = 16
"""Bytes of a word with its end of line; what is longer is no word."""
_MOST_PATH = 100
_SECONDS = 2.0


def address() -> Path:
    """Of this home's running Cadre. A path that is too long for a socket has a short stand-in."""
    path = places.home() / "app.sock"
    if len(str(path).encode()) <= _MOST_PATH:
        return path
    return Path(tempfile.gettempdir()) / f"cadre-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.sock"


def ring(word: str) -> bool:
    """Whether a running Cadre took the word."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(_SECONDS)
        try:
            line.connect(str(address()))
            line.sendall(f"{word}\n".encode())
            return line.recv(LONGEST) == b"ok\n"
        except OSError:
            return False
