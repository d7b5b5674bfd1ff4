"""Which recogniser is meant by a name: the one that comes with the machine or with Cadre, or a Whisper model's folder.

Imports each only when it is wanted. Engine thread.
"""

from __future__ import annotations

import sys

from engine.speech.recogniser import Recogniser

EMBEDDED = ""


def open_recogniser(name: str) -> Recogniser:
    """Raises KnownError: nothing is called so, or it is no recogniser."""
    if name == EMBEDDED and sys.platform == "darwin":
        from engine.speech.system import System

        return System()
    if name == EMBEDDED:
        from engine.speech.embedded import Embedded

        return Embedded()
    from engine.models.catalogue import resolve
    from engine.speech.whisper import Whisper

    return Whisper(resolve(name))
