"""What Cadre holds of the machine's memory now, its engine's process included. No Qt; any thread, some milliseconds."""

from __future__ import annotations

import contextlib

import psutil


def held() -> int:
    """Bytes resident, of this process and all that it started."""
    me = psutil.Process()
    total = 0
    for process in [me, *me.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            total += int(process.memory_info().rss)
    return total
