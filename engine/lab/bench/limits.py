"""A memory limit that counts the page cache, for two programs to be compared under. Linux control groups; else none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_V1 = Path("/sys/fs/cgroup/memory")
_V2 = Path("/sys/fs/cgroup")


@contextmanager
def limited(size: int) -> Iterator[Path | None]:
    """A group whose processes may hold `size` bytes together, page cache included; None where it cannot be made."""
    group = _made(size)
    try:
        yield group
    finally:
        if group is not None:
            with suppress(OSError):  # a process still ends in it: it stays, empty
                group.rmdir()


def _made(size: int) -> Path | None:
    for root, limit in ((_V1, "memory.limit_in_bytes"), (_V2, "memory.max")):
        group = root / f"cadre-bench-{os.getpid()}"
        if not (root / "cgroup.procs").exists():
            continue
        try:
            group.mkdir(exist_ok=True)
            (group / limit).write_text(str(size))
        except OSError:
            with suppress(OSError):
                group.rmdir()
            continue
        return group
    return None


def peak(group: Path) -> int | None:
    """The most bytes the group held."""
    for name in ("memory.max_usage_in_bytes", "memory.peak"):
        with suppress(OSError):
            return int((group / name).read_text())
    return None
