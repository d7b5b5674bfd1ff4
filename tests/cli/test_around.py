"""What the doctor says of the desktop around Cadre, on a desktop that does as told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.audio.devices import Device
from app.cli import around, doctor, screen
from app.cli.around import Around, about_speed
from app.cli.finding import State
from app.desktop.chord import Chord
from engine.errors import KnownError
from engine.lab import disk_speed
from engine.lab.disk_speed import DiskSpeed
from tests.desktop.fakes import FakeHotkey, FakeKeys

DENIED = "To insert by itself, Cadre needs Accessibility."


class FakeMicrophones:
    def __init__(self, *devices: Device, trouble: KnownError | None = None) -> None:
        self._devices, self._trouble = list(devices), trouble

    def devices(self):
        if self._trouble:
            raise self._trouble
        return self._devices

    def open(self, device, heard):
        raise AssertionError("the doctor records nothing")


class FakePermission:
    def __init__(self, allowed: bool | None) -> None:
        self._allowed = allowed

    def allowed(self):
        return self._allowed


INSIDE = Device("MacBook Microphone", 1, 48_000, is_default=True)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(disk_speed, "MOST", 1)


@pytest.fixture
def mac() -> Around:
    return Around(FakeHotkey(), FakeKeys(), FakeMicrophones(INSIDE), FakePermission(allowed=True), True, "Alt+Space")


def told(surroundings: Around) -> dict[str, tuple[State, str, str]]:
    return {f.what: (f.state, f.found, f.remedy or "") for f in around.examine(surroundings)}


def test_a_mac_that_is_set_up(mac):
    assert told(mac) == {
        "Microphone": (State.GOOD, "MacBook Microphone", ""),
        "Accessibility": (State.GOOD, "allowed", ""),
        "Key over every program": (State.GOOD, "Alt+Space: the system gives it", ""),
    }
    assert mac.hotkey.listening == {}  # it was given back


def test_a_denied_microphone_is_told_before_its_silence(mac):
    state, found, remedy = told(replace(mac, permission=FakePermission(allowed=False)))["Microphone"]

    assert (state, found) == (State.WORSE, "Cadre may not listen")
    assert "Privacy & Security > Microphone" in remedy


def test_a_microphone_nobody_was_asked_about_is_no_trouble(mac):
    state, found, _ = told(replace(mac, permission=FakePermission(allowed=None)))["Microphone"]

    assert (state, found) == (State.GOOD, "MacBook Microphone; macOS will ask at the first dictation")


@pytest.mark.parametrize(
    "microphones", [FakeMicrophones(), FakeMicrophones(trouble=KnownError("PortAudio is missing.", "Install it."))]
)
def test_no_microphone(mac, microphones):
    state, _, remedy = told(replace(mac, microphones=microphones))["Microphone"]

    assert state == State.WORSE
    assert remedy.endswith(".")


def test_without_accessibility_it_says_where_to_turn_it_on(mac):
    mac.keys.why_not = DENIED
    state, found, remedy = told(mac)["Accessibility"]

    assert (state, found) == (State.WORSE, "not allowed")
    assert "Accessibility, turn on Cadre" in remedy


def test_a_desktop_without_such_a_permission_is_not_asked_for_it(mac):
    mac.keys.why_not = DENIED

    assert "Accessibility" not in told(replace(mac, guarded=False))


def test_a_key_that_another_program_has(mac):
    mac.hotkey.taken.add(Chord.of("Alt+Space"))

    assert told(mac)["Key over every program"] == (
        State.WORSE,
        "Alt+Space: Another program has this key.",
        "Choose another key in Settings.",
    )


def test_no_key_is_a_choice(mac):
    assert told(replace(mac, key=""))["Key over every program"][0] == State.GOOD


def test_a_desktop_that_gives_no_keys(mac):
    mac.hotkey.why_not = "Give a key to: cadre quick"

    assert told(mac)["Key over every program"] == (State.WORSE, "not here", "Give a key to: cadre quick")


@pytest.mark.parametrize(("per_second", "state"), [(5_000_000_000, State.GOOD), (200_000_000, State.WORSE)])
def test_a_slow_disk_has_a_remedy(tmp_path, per_second, state):
    finding = about_speed(tmp_path, 10**12, lambda _folder: DiskSpeed(per_second, 1.0))

    assert finding.state == state
    assert ("CADRE_HOME" in (finding.remedy or "")) == (state is State.WORSE)


def test_a_full_disk_is_not_written_to(tmp_path):
    def measure(_folder):
        raise AssertionError("it was written to")

    assert about_speed(tmp_path, 1_000, measure).state == State.WORSE


def test_a_folder_that_cannot_be_written(tmp_path):
    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    assert "Permission denied" in about_speed(tmp_path, 10**12, refuse).found


def test_without_a_screen_nothing_of_a_desktop_is_said(monkeypatch):
    monkeypatch.setattr(screen, "is_there", lambda: False)

    assert [finding.what for finding in doctor.about_surroundings()] == ["Disk speed"]


def test_this_desktop(qapp, monkeypatch):
    """Whatever this machine is: each line is good, or has a remedy."""
    monkeypatch.setattr(screen, "is_there", lambda: True)
    findings = list(doctor.about_surroundings())

    assert {"Disk speed", "Microphone", "Key over every program"} <= {finding.what for finding in findings}
    assert all(finding.remedy for finding in findings if finding.state is not State.GOOD)
