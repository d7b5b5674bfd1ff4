"""Whether things may move: what the system says, unless CADRE_REDUCED_MOTION says 1 or 0."""

from __future__ import annotations

import os
import sys

from PySide6.QtWidgets import QApplication, QStyle

_FORCED = "CADRE_REDUCED_MOTION"


def is_reduced() -> bool:
    """Asked each time: the person may change it while Cadre runs."""
    if forced := os.environ.get(_FORCED, ""):
        return forced == "1"
    if sys.platform == "darwin":
        from app.macos.motion import is_reduced as system

        return system()
    return QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration) == 0
