"""What a request ends with when it fails, whatever was raised. Knows no request's work."""

from __future__ import annotations

import logging

from engine.errors import Cancelled, KnownError
from engine.messages import Failed

log = logging.getLogger(__name__)


def failed(request: str, error: Exception) -> Failed:
    """A bug is logged whole; everything else is a sentence."""
    if isinstance(error, Cancelled):
        return Failed(request, True, "The request was cancelled.", "")
    if isinstance(error, KnownError):
        return Failed(request, True, error.sentence, error.next_step)
    if isinstance(error, MemoryError):
        return Failed(request, True, "The memory ran out.", "Close other apps or ask for fewer experts.")
    log.error("request %s failed", request, exc_info=error)
    bug = "Something went wrong inside Cadre; this is a bug."
    return Failed(request, False, bug, "Try again; the log has the details.")
