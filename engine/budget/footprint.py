"""What this process really holds, in bytes, and what the machine has. No MLX; any thread."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import psutil

RESERVE = 1 << 30
"""Bytes of available memory that are left to others."""

_STATUS = Path("/proc/self/status")


def footprint() -> int:
    """Bytes of memory that are this process's own: RssAnon on Linux (the page cache belongs to everybody),
    phys_footprint on macOS (what Activity Monitor shows; Metal buffers included).
    """
    if sys.platform == "darwin":
        return _phys_footprint()
    for line in _STATUS.read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return int(psutil.Process().memory_info().rss)


def available() -> int:
    """Bytes the system could give without swapping, page cache included; cgroup limits count."""
    system = int(psutil.virtual_memory().available)
    return min(system, _cgroup_room(system))


def room(free: int | None = None) -> int:
    """The most this process may hold when nobody says otherwise: what it has and what the system can give, less
    a reserve for the others. free: bytes available, where they are known already.
    """
    return max(0, footprint() + (available() if free is None else free) - RESERVE)


def give_back_freed() -> None:
    """What was freed goes back to the system. Where glibc allocates it would keep most for itself; MLX's own cache is
    cleared by who owns MLX.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(ctypes.c_size_t(0))


def total() -> int:
    return int(psutil.virtual_memory().total)


def _cgroup_room(system: int) -> int:
    """Room left under a version 2 memory limit, if there is one."""
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return system
    return system if limit == "max" else max(0, int(limit) - used)


class _RusageInfo(ctypes.Structure):
    """rusage_info_v0 of <sys/resource.h>; unverified on a Mac."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("user_time", ctypes.c_uint64),
        ("system_time", ctypes.c_uint64),
        ("pkg_idle_wkups", ctypes.c_uint64),
        ("interrupt_wkups", ctypes.c_uint64),
        ("pageins", ctypes.c_uint64),
        ("wired_size", ctypes.c_uint64),
        ("resident_size", ctypes.c_uint64),
        ("phys_footprint", ctypes.c_uint64),
        ("proc_start_abstime", ctypes.c_uint64),
        ("proc_exit_abstime", ctypes.c_uint64),
    )


def _phys_footprint() -> int:
    info = _RusageInfo()
    library = ctypes.CDLL("/usr/lib/libproc.dylib")
    if library.proc_pid_rusage(psutil.Process().pid, 0, ctypes.byref(info)) != 0:
        return int(psutil.Process().memory_info().rss)
    return int(info.phys_footprint)
