"""Speed and time left of a download, from what arrived lately. Pure: the clock's value is handed in."""

from __future__ import annotations

from collections import deque

_WINDOW = 20.0
"""Seconds that count: long enough to be calm, short enough to tell the truth."""


class Pace:
    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, now: float, loaded: int) -> None:
        """loaded: bytes by the network so far. A smaller number than before begins anew."""
        if self._seen and loaded < self._seen[-1][1]:
            self._seen.clear()
        if not self._seen or now - self._seen[-1][0] >= 0.2:
            self._seen.append((now, loaded))
        while len(self._seen) > 2 and now - self._seen[0][0] > _WINDOW:
            self._seen.popleft()

    @property
    def bytes_per_second(self) -> float:
        """0 until there is something to go by."""
        if len(self._seen) < 2:
            return 0.0
        (began, had), (now, have) = self._seen[0], self._seen[-1]
        return (have - had) / (now - began) if now > began else 0.0

    def seconds_left(self, missing: int) -> float | None:
        speed = self.bytes_per_second
        return missing / speed if speed > 0 else None
