"""No App Nap while an answer is written: NSProcessInfo's activities. The machine may sleep all the same."""

from __future__ import annotations

from collections.abc import Callable


class Activity:
    """Keeps app.desktop.parts.Awake."""

    def hold(self, why: str) -> Callable[[], None]:
        from Foundation import NSActivityUserInitiatedAllowingIdleSystemSleep, NSProcessInfo

        process = NSProcessInfo.processInfo()
        activity = process.beginActivityWithOptions_reason_(NSActivityUserInitiatedAllowingIdleSystemSleep, why)
        return lambda: process.endActivity_(activity)
