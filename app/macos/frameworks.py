"""The C frameworks that pyobjc has no small wheel for, opened once. Loads nothing when imported."""

from __future__ import annotations

import ctypes
from functools import cache


@cache
def framework(name: str) -> ctypes.CDLL:
    """Functions without a declaration return int; declare what returns a pointer before calling it."""
    return ctypes.CDLL(f"/System/Library/Frameworks/{name}.framework/{name}")


def is_trusted() -> bool:
    """Whether the person allowed Cadre to use the accessibility interface. Asks nobody."""
    check = framework("ApplicationServices").AXIsProcessTrusted
    check.restype = ctypes.c_bool
    return bool(check())
