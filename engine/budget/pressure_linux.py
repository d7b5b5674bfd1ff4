"""Linux has no pressure level of its own: one is made of what is available and of how long work waits for memory.

The kernel counts that waiting as pressure stall information (Documentation/accounting/psi.rst): `some` is the share
of time in which a task waited for memory, `full` that in which all did, over the last ten seconds, in per cent.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from engine.budget.footprint import RESERVE, available
from engine.budget.pressure import Thermal
from engine.messages import Pressure

WARN_BELOW = RESERVE // 2
CRITICAL_BELOW = RESERVE // 4
"""Bytes available. A request is granted all but RESERVE, so half of that gone is a shortage that came later."""
STALLED = 10.0
"""Per cent of ten seconds spent waiting for memory: people notice one tenth."""
STALLS_COUNT_BELOW = 4 * RESERVE
"""Bytes available. With more, who waits has a limit of its own, and giving memory back would not help it."""


def level_of(free: int, some: float, full: float) -> Pressure:
    """free: bytes available; some, full: per cent."""
    waits = free < STALLS_COUNT_BELOW
    if free < CRITICAL_BELOW or (waits and full >= STALLED):
        return Pressure.CRITICAL
    if free < WARN_BELOW or (waits and some >= STALLED):
        return Pressure.WARN
    return Pressure.NORMAL


class Stalls:
    """files: the first that is there is read; the control group's own comes before the machine's."""

    def __init__(
        self, files: tuple[Path, ...] = (Path("/sys/fs/cgroup/memory.pressure"), Path("/proc/pressure/memory"))
    ) -> None:
        self._file = next((file for file in files if _stalls(file) is not None), None)

    @property
    def source(self) -> str:
        return f"available memory and {self._file}" if self._file else "available memory"

    def level(self) -> Pressure:
        some, full = (_stalls(self._file) if self._file else None) or (0.0, 0.0)
        return level_of(available(), some, full)


def _stalls(file: Path) -> tuple[float, float] | None:
    """The two shares over ten seconds; None when the file is not there or says something else."""
    try:
        lines = [line.split() for line in file.read_text().splitlines()]
        found = {words[0]: float(words[1].removeprefix("avg10=")) for words in lines}
        return found["some"], found["full"]
    except (OSError, ValueError, KeyError, IndexError):
        return None


class Temperatures:
    """The hottest sensor against the limits its driver names. Virtual machines have none."""

    @property
    def source(self) -> str:
        return "temperature sensors" if self._limited() else ""

    def state(self) -> Thermal:
        return max((thermal_of(*values) for values in self._limited()), default=Thermal.NOMINAL)

    def _limited(self) -> list[tuple[float, float, float]]:
        """current, high and critical of sensors that have a limit, degrees."""
        sensors = [one for group in psutil.sensors_temperatures().values() for one in group]
        return [(one.current, one.high or one.critical, one.critical) for one in sensors if one.critical]


def thermal_of(current: float, high: float, critical: float) -> Thermal:
    """Degrees, as a driver gives them; the state before its limit is FAIR within 5 degrees."""
    if current >= critical:
        return Thermal.CRITICAL
    if current >= high:
        return Thermal.SERIOUS
    return Thermal.FAIR if current >= high - 5 else Thermal.NOMINAL


class PlatformProfile:
    """The firmware's power profile, which desktops set to low-power when the person chooses to save energy."""

    def __init__(self, file: Path = Path("/sys/firmware/acpi/platform_profile")) -> None:
        self._file = file

    @property
    def source(self) -> str:
        return str(self._file) if self._file.exists() else ""

    def low_power(self) -> bool:
        try:
            return self._file.read_text().strip() in ("low-power", "quiet")
        except OSError:
            return False
