"""What the engine can raise. Knows nothing of how an error is shown.

A `KnownError` reaches the person exactly as written; anything else that escapes is a bug.
"""

from __future__ import annotations


class KnownError(Exception):
    """A failure with a cause a person can act on.

    sentence: what happened, one plain sentence ending in a full stop.
    next_step: what to do about it, one plain sentence ending in a full stop.
    """

    def __init__(self, sentence: str, next_step: str) -> None:
        super().__init__(sentence, next_step)  # both in args, so that it pickles
        self.sentence = sentence
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.sentence} {self.next_step}"


class Cancelled(Exception):
    """The person stopped the request. Not an error: nothing is shown but what was made so far."""
