"""Tries again until a model is here, for who waits for one: the command line. The window's queue waits by itself."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import KnownError
from engine.models.download.progress import Progress, Pulled
from engine.models.download.retrying import Interrupted, pause
from engine.models.download.stopping import Stop

Attempt = Callable[[Callable[[Progress], None]], Pulled]


def patiently(
    attempt: Attempt,
    stop: Stop,
    tell: Callable[[Progress], None],
    waiting: Callable[[Interrupted, float], None],
) -> Pulled:
    """What `attempt` gives in the end. waiting: told before each pause, with the seconds it lasts.

    Raises:
        KnownError, Cancelled.
    """
    failures = loaded = 0

    def watched(progress: Progress) -> None:
        nonlocal loaded
        loaded = progress.loaded
        tell(progress)

    while True:
        loaded = 0
        try:
            return attempt(watched)
        except Interrupted as error:
            failures = 1 if loaded else failures + 1
            seconds = pause(failures, error.after)
            if seconds is None:
                raise given_up(error) from error
            waiting(error, seconds)
            stop.wait(seconds)


def given_up(error: Interrupted) -> KnownError:
    return KnownError(error.reason, "Check the network and try again; what has arrived is kept.")
