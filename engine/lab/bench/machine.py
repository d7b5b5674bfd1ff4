"""What the figures were measured on, in words and numbers. Imports no MLX; any thread."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine import blas
from engine.budget.footprint import total

_CPUINFO = Path("/proc/cpuinfo")


def machine(folder: Path) -> dict[str, Any]:
    """folder: where the model lies; its disk is named where the system tells."""
    return {
        "cpu": _cpu(),
        "cores": _cores(),
        "memory": total(),
        "disk": _disk(folder),
        "os": platform.platform(terse=True),
        "python": platform.python_version(),
        "mlx": version("mlx"),
        "mlx_lm": version("mlx-lm"),
        "openblas": blas.preload(),
    }


def _cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _cpu() -> str:
    if sys.platform == "darwin":
        import subprocess

        said = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, check=False)
        return said.stdout.decode().strip() or platform.processor()
    try:
        lines = _CPUINFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _disk(folder: Path) -> str:
    """The block device and whether it turns, by sysfs; "unknown" elsewhere."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    number = existing.stat().st_dev
    device = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if not device.exists():
        return "unknown"
    real = device.resolve()
    whole = real if (real / "queue").exists() else real.parent
    try:
        turns = (whole / "queue" / "rotational").read_text().strip() == "1"
    except OSError:
        return whole.name
    kind = "virtual" if whole.name.startswith(("vd", "xvd")) else "turning" if turns else "solid state"
    return f"{whole.name}, {kind}"
