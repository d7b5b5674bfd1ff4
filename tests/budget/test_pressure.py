"""The sensors: what holds for every one of them, real or simulated, and how numbers become levels."""

from __future__ import annotations

import itertools
import sys
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.budget import footprint
from engine.budget import pressure_linux as linux
from engine.budget import pressure_macos as macos
from engine.budget.footprint import RESERVE
from engine.budget.pressure import POLL, SLOW, Gauge, Sensors, Silent, Thermal, this_machine
from engine.messages import Pressure
from tests.simulated import Clock, Machine

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's files")
on_mac = pytest.mark.skipif(sys.platform != "darwin", reason="asks macOS")


def asked(numbers):
    """NSProcessInfo as a table."""
    return lambda selector: numbers[selector.decode()]


SENSORS = {
    "silent": lambda: Sensors(Machine(), Machine(), Silent(), Silent()),
    "simulated": Machine().sensors,
    "macos, answered": lambda: Sensors(
        macos.KernelLevel(lambda _name: 2),
        Machine(),
        *[macos.ProcessInfo(asked({"thermalState": 1, "isLowPowerModeEnabled": 1}))] * 2,
    ),
    "this machine": this_machine,
}


@pytest.fixture(params=list(SENSORS))
def sensors(request):
    return SENSORS[request.param]()


# --- what holds for all ----------------------------------------------------------------------------------------


def test_a_pressure_sensor_has_a_level_and_a_source(sensors):
    assert sensors.pressure.level() in set(Pressure)
    assert sensors.pressure.source


def test_a_memory_sensor_counts_bytes(sensors):
    assert sensors.memory.available() >= 0


def test_a_thermal_sensor_is_nominal_where_nothing_tells(sensors):
    state = sensors.thermal.state()
    assert state in set(Thermal)
    assert sensors.thermal.source or state is Thermal.NOMINAL


def test_a_power_sensor_saves_nothing_where_nothing_tells(sensors):
    saving = sensors.power.low_power()
    assert isinstance(saving, bool)
    assert sensors.power.source or not saving


def test_the_gauge_reads_them_all(sensors):
    reading = Gauge(sensors, Clock()).read()
    assert reading.at == 1.0
    assert reading.level in set(Pressure)
    assert reading.available >= 0


@on_linux
def test_this_linux_machine_reads_the_kernel(tmp_path):
    real = this_machine()
    assert abs(real.memory.available() - footprint.available()) < RESERVE
    assert "available memory" in real.pressure.source


@on_mac
def test_this_mac_tells_its_level():
    assert macos._sysctl(b"kern.memorystatus_vm_pressure_level") in (1, 2, 4)


# --- the gauge -------------------------------------------------------------------------------------------------


def test_a_reading_serves_for_a_moment_and_heat_for_longer():
    looks, clock = itertools.count(), Clock(POLL / 3)
    machine = Machine(lambda: Pressure(next(looks) * 0))
    gauge = Gauge(machine.sensors(), clock)
    for _ in range(30):
        gauge.read()
    assert 7 <= next(looks) <= 10
    machine.saving = True
    clock.now += POLL
    assert not gauge.read().low_power
    clock.now += SLOW
    assert gauge.read().low_power


# --- Linux -----------------------------------------------------------------------------------------------------

LEVEL_CASES = [
    (8 * RESERVE, 0, 0, Pressure.NORMAL),
    (8 * RESERVE, 90, 90, Pressure.NORMAL),  # somebody else's limit
    (RESERVE, 0, 0, Pressure.NORMAL),  # what a full grant leaves
    (RESERVE, 10, 0, Pressure.WARN),
    (RESERVE // 2 - 1, 0, 0, Pressure.WARN),
    (RESERVE, 50, 10, Pressure.CRITICAL),
    (RESERVE // 4 - 1, 0, 0, Pressure.CRITICAL),
]


@pytest.mark.parametrize(("free", "some", "full", "level"), LEVEL_CASES)
def test_linux_levels(free, some, full, level):
    assert linux.level_of(free, some, full) is level


shares = st.floats(0, 100)


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 40), shares, shares, shares)
def test_less_memory_or_more_waiting_is_no_milder(free, less, some, full, more):
    assert linux.level_of(min(free, less), max(some, more), max(full, more)) >= linux.level_of(free, some, full)


def test_stalls_are_read_from_the_first_file_that_has_them(tmp_path, monkeypatch):
    file = tmp_path / "memory"
    file.write_text("some avg10=12.50 avg60=1.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
    monkeypatch.setattr(linux, "available", lambda: RESERVE)
    sensor = linux.Stalls((tmp_path / "none", file))
    assert str(file) in sensor.source
    assert sensor.level() is Pressure.WARN
    file.write_text("nonsense")
    assert sensor.level() is Pressure.NORMAL


def test_without_stalls_what_is_available_decides(tmp_path, monkeypatch):
    monkeypatch.setattr(linux, "available", lambda: 0)
    sensor = linux.Stalls((tmp_path / "none",))
    assert sensor.source == "available memory"
    assert sensor.level() is Pressure.CRITICAL


@pytest.mark.parametrize(
    ("current", "state"), [(60, Thermal.NOMINAL), (76, Thermal.FAIR), (80, Thermal.SERIOUS), (100, Thermal.CRITICAL)]
)
def test_temperatures_against_their_limits(current, state):
    assert linux.thermal_of(current, 80, 100) is state


def test_the_hottest_sensor_with_a_limit_counts(monkeypatch):
    def sensor(current, high, critical):
        return SimpleNamespace(current=current, high=high, critical=critical)

    groups = {"cpu": [sensor(81, 80, 100), sensor(20, None, None)], "disk": [sensor(50, None, 70)]}
    monkeypatch.setattr(psutil, "sensors_temperatures", lambda: groups, raising=False)
    assert linux.Temperatures().state() is Thermal.SERIOUS


@pytest.mark.parametrize(("profile", "saving"), [("low-power", True), ("balanced", False), (None, False)])
def test_the_power_profile(tmp_path, profile, saving):
    file = tmp_path / "platform_profile"
    if profile:
        file.write_text(profile + "\n")
    sensor = linux.PlatformProfile(file)
    assert sensor.low_power() is saving
    assert bool(sensor.source) is bool(profile)


@pytest.mark.skipif(sys.platform == "darwin", reason="there it can be asked")
def test_a_mac_whose_process_info_cannot_be_asked_still_answers(monkeypatch, caplog):
    monkeypatch.setattr(sys, "platform", "darwin")
    sensors = this_machine()
    assert isinstance(sensors.thermal, Silent)
    assert "cannot be read" in caplog.text


# --- macOS -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [(1, Pressure.NORMAL), (2, Pressure.WARN), (4, Pressure.CRITICAL), (0, Pressure.NORMAL), (None, Pressure.NORMAL)],
)
def test_the_kernels_numbers(value, level):
    assert macos.KernelLevel(lambda _name: value).level() is level


@pytest.mark.parametrize("state", list(Thermal))
def test_the_process_info_of_a_mac(state):
    hot = macos.ProcessInfo(asked({"thermalState": int(state), "isLowPowerModeEnabled": 0x7F00}))
    assert hot.state() is state
    assert not hot.low_power()  # what stands above a BOOL's byte means nothing
