"""How the machine fares: memory pressure, available memory, heat, low-power mode. No MLX; any thread.

Protocols with one thin implementation per system (pressure_linux, pressure_macos). Knows nothing of models, and
decides nothing: that is governor.py.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from engine.budget import footprint
from engine.messages import Pressure

log = logging.getLogger(__name__)

POLL = 0.05
"""Seconds for which a reading serves: a step that takes longer always has one of its own."""
SLOW = 5.0
"""The same for heat and low-power mode, which change slowly and on Linux cost milliseconds to ask for."""


class Thermal(IntEnum):
    """As NSProcessInfo names them; from SERIOUS the system slows down what runs."""

    NOMINAL = 0
    FAIR = 1
    SERIOUS = 2
    CRITICAL = 3


class PressureSensor(Protocol):
    @property
    def source(self) -> str:
        """Where the level comes from, for people."""

    def level(self) -> Pressure: ...


class MemorySensor(Protocol):
    def available(self) -> int:
        """Bytes the system could give without swapping."""


class ThermalSensor(Protocol):
    @property
    def source(self) -> str:
        """Where the state comes from, for people; empty when nothing tells it here."""

    def state(self) -> Thermal:
        """NOMINAL when nothing tells it."""


class PowerSensor(Protocol):
    @property
    def source(self) -> str:
        """As for heat."""

    def low_power(self) -> bool:
        """Whether the person or the system saves energy; False when nothing tells it."""


@dataclass(frozen=True)
class Sensors:
    pressure: PressureSensor
    memory: MemorySensor
    thermal: ThermalSensor
    power: PowerSensor


@dataclass(frozen=True)
class Reading:
    """at: seconds of the gauge's clock. available: bytes."""

    at: float
    level: Pressure
    available: int
    thermal: Thermal = Thermal.NOMINAL
    low_power: bool = False

    @property
    def sparing(self) -> bool:
        """Work that can wait should: the battery is to last, or the machine is so hot that it slows down."""
        return self.low_power or self.thermal >= Thermal.SERIOUS


class Available:
    """psutil's figure, and the control group's; the same on every system."""

    def available(self) -> int:
        return footprint.available()


class Silent:
    """Where nothing tells of heat and low-power mode."""

    source = ""

    def state(self) -> Thermal:
        return Thermal.NOMINAL

    def low_power(self) -> bool:
        return False


class Gauge:
    """Reads the sensors, at most every POLL seconds of `clock`, heat and power every SLOW."""

    def __init__(self, sensors: Sensors, clock: Callable[[], float] = time.monotonic) -> None:
        self._sensors = sensors
        self._clock = clock
        self._last: Reading | None = None
        self._slow: tuple[float, Thermal, bool] | None = None

    def now(self) -> float:
        return self._clock()

    def room(self) -> int:
        """Bytes this process may hold in all, as the memory sensor has it this moment."""
        return footprint.room(self._sensors.memory.available())

    def read(self) -> Reading:
        now = self._clock()
        if self._last is None or now - self._last.at >= POLL:
            if self._slow is None or now - self._slow[0] >= SLOW:
                self._slow = now, self._sensors.thermal.state(), self._sensors.power.low_power()
            level, available = self._sensors.pressure.level(), self._sensors.memory.available()
            self._last = Reading(now, level, available, *self._slow[1:])
        return self._last


def this_machine() -> Sensors:
    if sys.platform == "darwin":
        from engine.budget import pressure_macos as macos

        info: macos.ProcessInfo | Silent
        try:
            info = macos.ProcessInfo()
        except (OSError, AttributeError):  # a system that names these otherwise can still answer
            log.exception("heat and low-power mode cannot be read")
            info = Silent()
        return Sensors(macos.KernelLevel(), Available(), info, info)
    from engine.budget import pressure_linux as linux

    return Sensors(linux.Stalls(), Available(), linux.Temperatures(), linux.PlatformProfile())
