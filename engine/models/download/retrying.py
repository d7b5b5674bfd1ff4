"""When a download that broke off is tried again. Pure: knows no clock and no network."""

from __future__ import annotations

LIMIT = 20
"""Failures in a row, without one byte between them, after which a person is asked: about a quarter of an hour."""
LONGEST = 60.0
"""Seconds between two tries, unless the Hub asks for more."""
_MOST_ASKED = 900.0


class Interrupted(Exception):
    """The network or the Hub failed for now; what has arrived is kept.

    reason: one plain sentence. after: seconds the Hub asked to wait, None when it did not.
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason, after)
        self.reason = reason
        self.after = after


def pause(failures: int, asked: float | None = None) -> float | None:
    """Seconds before the next try; None when it is no use.

    failures: in a row, this one counted. asked: what the Hub asked for, obeyed up to a quarter of an hour.
    """
    if failures > LIMIT:
        return None
    own = min(LONGEST, 2.0 ** (failures - 1))
    return own if asked is None else max(own, min(asked, _MOST_ASKED))
