"""Recording from microphones that do as told: whatever they do, what was heard is on disk and handed on."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audio.devices import Device, chosen
from app.audio.recorder import Recorder, level
from app.audio.ring import Ring
from app.audio.spool import Spool
from engine.errors import KnownError
from tests.audio.microphones import Microphones, wave

BUILT_IN = Device("Built-in", 1, 16_000, is_default=True)
HEADSET = Device("Headset", 2, 48_000)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "dictations", clock=lambda: 1_700_000_000.0)


@pytest.fixture
def clock():
    return Clock()


def recorder(spool, clock, *devices, wanted=None):
    microphones = Microphones(*devices)
    return Recorder(microphones, spool, wanted, clock), microphones


@pytest.mark.parametrize("device", [BUILT_IN, HEADSET, Device("Odd", 2, 44_100)], ids=lambda device: device.name)
def test_whatever_the_device_gives_16_khz_mono_comes_out_and_is_on_disk(spool, clock, device):
    made, microphones = recorder(spool, clock, device)
    made.start()
    handed = b""
    for _ in range(10):
        microphones.say(wave(0.1, device.rate))
        handed += made.pump().pcm
    recording, rest = made.stop()

    assert recording.pcm() == handed + rest
    assert recording.seconds == pytest.approx(1.0, abs=0.002)
    sound = np.frombuffer(handed, "<i2")[2_000:14_000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    assert np.argmax(spectrum) * 16_000 / len(sound) == pytest.approx(300, abs=3)
    assert microphones.open_now is None


def test_the_recording_is_for_its_owner_only_and_goes_when_accepted(spool, clock, tmp_path):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    microphones.say(wave(0.5, 16_000))
    recording, _ = made.stop()

    assert stat.S_IMODE(recording.path.stat().st_mode) == 0o600
    assert [one.path for one in spool.left()] == [recording.path]
    recording.accept()
    assert spool.left() == []


def test_two_recordings_in_the_same_moment_are_two(spool, clock):
    for _ in range(2):
        made, microphones = recorder(spool, clock, BUILT_IN)
        made.start()
        microphones.say(wave(0.1, 16_000))
        made.stop()
    assert len(spool.left()) == 2


def test_cancelling_leaves_nothing(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    microphones.say(wave(0.5, 16_000))
    made.pump()
    made.cancel()
    made.cancel()
    assert spool.left() == []
    assert microphones.open_now is None


def test_a_killed_process_leaves_all_it_heard(tmp_path):
    """Killed outright in the middle of a recording."""
    code = (
        "import sys, pathlib\nfrom app.audio.spool import Spool\n"
        f"writing = Spool(pathlib.Path({str(tmp_path)!r})).begin()\n"
        "writing.append(bytes(range(256)) * 100 + b'x')\nprint('written', flush=True)\nsys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"written\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()

    (left,) = Spool(tmp_path).left()
    assert left.pcm()[:25_600] == bytes(range(256)) * 100


def test_a_full_disk_is_told_and_what_was_said_stays(spool, clock, monkeypatch):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    microphones.say(wave(0.5, 16_000))
    made.pump()
    write = os.write

    def full(file, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    microphones.say(wave(0.5, 16_000))
    with pytest.raises(KnownError, match="No space left"):
        made.pump()
    monkeypatch.setattr(os, "write", write)
    recording, _ = made.stop()
    assert recording.seconds == pytest.approx(0.5)


def test_a_muted_microphone_is_recognised_and_said(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    microphones.say(np.zeros(6_000))
    assert made.pump().warning == ""
    microphones.say(np.zeros(6_000))
    assert made.pump().warning.startswith("The microphone gives only silence.")
    microphones.say(wave(0.1, 16_000, loud=0.001))  # faint, but a sound
    assert made.pump().warning == ""


def test_an_unplugged_device_is_replaced_in_the_same_recording(spool, clock):
    made, microphones = recorder(spool, clock, HEADSET, BUILT_IN, wanted="Headset")
    assert made.start() == HEADSET
    microphones.say(wave(0.5, 48_000))
    handed = made.pump().pcm
    microphones.say(wave(0.25, 48_000))
    microphones.present.remove(HEADSET)

    heard = made.pump()
    assert heard.warning == "Headset is gone; Built-in goes on."
    assert heard.device == "Built-in"
    handed += heard.pcm
    microphones.say(wave(0.25, 16_000))
    handed += made.pump().pcm
    recording, rest = made.stop()
    assert recording.pcm() == handed + rest
    assert recording.seconds == pytest.approx(1.0, abs=0.002)


def test_with_no_other_device_it_waits_for_one(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    microphones.present.clear()
    assert made.pump().warning.startswith("There is no microphone.")
    microphones.present.append(HEADSET)
    assert made.pump().warning.startswith("There is no microphone.")  # not looked for twenty times a second
    clock.now += 1.1
    assert made.pump().device == "Headset"
    microphones.say(wave(0.5, 48_000))
    assert made.pump().pcm
    made.stop()


def test_a_device_that_fell_silent_as_after_sleep_is_opened_anew(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    clock.now += 5
    assert made.pump().warning == ""
    assert microphones.opened == ["Built-in", "Built-in"]
    made.cancel()


def test_another_device_may_be_chosen_while_recording(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN, HEADSET)
    made.start()
    microphones.say(wave(0.5, 16_000))
    made.change("Headset")
    microphones.say(wave(0.5, 48_000))
    heard = made.pump()
    recording, rest = made.stop()
    assert heard.device == "Headset"
    assert recording.pcm() == heard.pcm + rest
    assert recording.seconds == pytest.approx(1.0, abs=0.002)


def test_without_a_microphone_nothing_is_begun(spool, clock):
    made, _ = recorder(spool, clock)
    with pytest.raises(KnownError, match="There is no microphone"):
        made.start()
    assert spool.left() == []


def test_two_hundred_recordings_leave_no_file_open(spool, clock):
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    made.cancel()
    before = len(list(Path("/dev/fd").iterdir()))
    for number in range(200):
        made.start()
        microphones.say(wave(0.01, 16_000))
        made.pump()
        if number % 2:
            made.cancel()
        else:
            made.stop()[0].accept()
    assert len(list(Path("/dev/fd").iterdir())) == before
    assert spool.left() == []


def test_the_wanted_device_else_the_default_else_the_first():
    assert chosen([HEADSET, BUILT_IN], "Headset") == HEADSET
    assert chosen([HEADSET, BUILT_IN], "Gone") == BUILT_IN
    assert chosen([HEADSET], None) == HEADSET


def test_the_meter():
    assert level(np.zeros(100, np.float32)) == level(np.zeros(0, np.float32)) == 0.0
    assert level(np.ones(100, np.float32)) == 1.0
    assert level(wave(1, 16_000, 0.1)) == pytest.approx(1 - 23 / 60, abs=0.01)  # a tenth, 3 dB less for a sine


# --- the ring ------------------------------------------------------------------------------------------------


@given(st.lists(st.one_of(st.integers(1, 12), st.none()), max_size=40), st.sampled_from([1, 2]))
def test_the_ring_gives_what_was_put_in_or_counts_it_as_lost(steps, channels):
    """A number: so many frames are written. None: what is there is read."""
    ring, at = Ring(16, channels), 0
    kept: list[int] = []
    read: list[int] = []
    inside = 0
    for step in steps:
        if step is None:
            read += ring.read()[:, 0].tolist()
            inside = 0
            continue
        frames = np.repeat(np.arange(at, at + step, dtype=np.int16)[:, None], channels, axis=1)
        ring.write(frames.tobytes())
        fits = min(step, 16 - inside)
        kept += range(at, at + fits)
        inside += fits
        at += step
    read += ring.read()[:, 0].tolist()

    assert read == kept
    assert ring.lost == at - len(kept)


def test_a_deaf_recorder_drops_what_it_hears_and_goes_on(spool, clock):
    """As while an answer is read aloud beside the microphone."""
    made, microphones = recorder(spool, clock, BUILT_IN)
    made.start()
    for deaf in (False, True, False):
        made.deaf = deaf
        microphones.say(wave(0.5, 16_000))
        heard = made.pump()
        assert (len(heard.pcm), heard.warning) == (0 if deaf else 16_000, "")
    recording, _rest = made.stop()
    assert recording.seconds == pytest.approx(1.0, abs=0.01)
