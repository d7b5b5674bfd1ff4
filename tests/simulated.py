"""A machine whose memory, heat and battery are what a test says, and a clock that goes when it is looked at. Test
support."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.budget.pressure import Sensors, Thermal
from engine.messages import Pressure

PLENTY = 1 << 40


@dataclass
class Machine:
    """All four sensors. level: asked at every look, so that a test can make weather."""

    level_now: Callable[[], Pressure] = lambda: Pressure.NORMAL
    free: int = PLENTY
    heat: Thermal = Thermal.NOMINAL
    saving: bool = False
    source: str = "a test"

    def level(self) -> Pressure:
        return self.level_now()

    def available(self) -> int:
        return self.free

    def state(self) -> Thermal:
        return self.heat

    def low_power(self) -> bool:
        return self.saving

    def sensors(self) -> Sensors:
        return Sensors(self, self, self, self)


@dataclass
class Clock:
    """Every look is `tick` seconds after the one before."""

    tick: float = 1.0
    now: float = field(default=0.0)

    def __call__(self) -> float:
        self.now += self.tick
        return self.now
