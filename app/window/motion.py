"""Whether things may move. Asks the system once; a test or a setting may decide instead."""

from __future__ import annotations

import os

_FORCED = "CADRE_REDUCED_MOTION"


def is_reduced() -> bool:
    return os.environ.get(_FORCED, "") == "1"
