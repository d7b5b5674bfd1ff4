"""One rate to another: the same however the sound is cut, true in pitch and loudness, and nothing folds back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.speech.resample import Resampler

RATES = (8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000)


def wave(hertz: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(int(rate * seconds)) / rate).astype(np.float32)


def resampled(samples: np.ndarray, rate: int, cuts: list[int] | None = None) -> np.ndarray:
    resampler = Resampler(rate, 16_000)
    pieces = np.split(samples, sorted(cuts or []))
    return np.concatenate([*(resampler.feed(piece) for piece in pieces), resampler.end()])


@given(rate=st.sampled_from(RATES), cuts=st.lists(st.integers(0, 4_000), max_size=12), seed=st.integers(0, 99))
def test_cuts_change_nothing(rate, cuts, seed):
    samples = np.random.default_rng(seed).standard_normal(4_000).astype(np.float32)

    np.testing.assert_allclose(resampled(samples, rate, cuts), resampled(samples, rate), atol=1e-6)


@pytest.mark.parametrize("rate", [*RATES, 16_000])
def test_a_tone_keeps_pitch_and_loudness(rate):
    given_, made = wave(1_000, rate), resampled(wave(1_000, rate), rate)

    assert len(made) == -(-len(given_) * 16_000 // rate)
    inner = slice(400, -400)  # at the ends the filter sees silence
    np.testing.assert_allclose(made[inner], wave(1_000, 16_000)[: len(made)][inner], atol=1e-3)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_what_16_khz_cannot_hold_does_not_fold_back(rate):
    assert np.abs(resampled(wave(9_500, rate), rate)[400:-400]).max() < 1e-3


@given(rate=st.integers(4_000, 50_000), length=st.integers(0, 300))
def test_any_rate_gives_as_long_a_sound(rate, length):
    assert len(resampled(np.ones(length, np.float32), rate)) == -(-length * 16_000 // rate)


def test_after_the_end_a_new_stream_begins():
    resampler = Resampler(44_100, 16_000)
    first = np.concatenate([resampler.feed(wave(300, 44_100)), resampler.end()])
    again = np.concatenate([resampler.feed(wave(300, 44_100)), resampler.end()])

    np.testing.assert_array_equal(first, again)
