"""Faster and slower at the same pitch, nothing lost at either end."""

from __future__ import annotations

import numpy as np
import pytest

from app.voice.tempo import paced

RATE = 24_000
SPEEDS = [0.5, 0.75, 1.25, 1.5, 2.0, 3.0]


def tone(seconds=2.0, pitch=180.0):
    times = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * pitch * times) + 0.2 * np.sin(4 * np.pi * pitch * times)).astype(np.float32)


def pitch(sound):
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return np.argmax(spectrum) * RATE / len(sound)


@pytest.mark.parametrize("speed", SPEEDS)
def test_shorter_or_longer_by_the_speed_with_the_same_pitch_and_strength(speed):
    sound = paced(tone(), RATE, speed)
    assert len(sound) == pytest.approx(2 * RATE / speed, abs=1)
    assert pitch(sound) == pytest.approx(180, abs=2)
    middle = sound[len(sound) // 4 : -len(sound) // 4]
    assert np.sqrt((middle**2).mean()) == pytest.approx(np.sqrt((tone() ** 2).mean()), rel=0.05)
    assert sound.dtype == np.float32


@pytest.mark.parametrize("speed", SPEEDS)
def test_no_click_where_pieces_meet(speed):
    steepest = np.abs(np.diff(tone())).max()
    assert np.abs(np.diff(paced(tone(), RATE, speed))).max() < 1.5 * steepest


@pytest.mark.parametrize("speed", SPEEDS)
def test_what_stands_at_the_beginning_and_at_the_end_is_still_there(speed):
    sound = np.zeros(2 * RATE, np.float32)
    sound[:2_400] = tone(0.1)
    sound[-2_400:] = tone(0.1)
    out = paced(sound, RATE, speed)
    edge = int(2_400 / speed)
    assert np.abs(out[:edge]).max() > 0.3
    assert np.abs(out[-edge:]).max() > 0.3
    assert np.abs(out[len(out) // 3 : len(out) // 2]).max() == 0


def test_at_its_own_speed_and_when_there_is_next_to_nothing_it_is_left_alone():
    assert paced(tone(), RATE, 1.0) is not None
    assert np.array_equal(paced(tone(), RATE, 1.0), tone())
    for count in (0, 1, 500):
        assert len(paced(tone()[:count], RATE, 2.0)) == count
