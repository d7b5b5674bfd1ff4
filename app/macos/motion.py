"""Whether the person asked the Mac for less motion. Unverified on a Mac."""

from __future__ import annotations


def is_reduced() -> bool:
    from AppKit import NSWorkspace

    return bool(NSWorkspace.sharedWorkspace().accessibilityDisplayShouldReduceMotion())
