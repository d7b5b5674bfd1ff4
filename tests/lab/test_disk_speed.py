"""The disk's speed: what is written is read whole, by a clock that ticks as told, and nothing is left."""

from __future__ import annotations

import itertools
import os

import pytest

from engine.lab import disk_speed


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(disk_speed, "PIECE", 1 << 16)
    monkeypatch.setattr(disk_speed, "MOST", 8)


def test_all_that_was_written_is_read(tmp_path):
    speed = disk_speed.measure(tmp_path, lambda: next(ticks))

    assert speed.read == 8 << 16
    assert speed.per_second == speed.read / 0.125
    assert list(tmp_path.iterdir()) == []


ticks = itertools.count(0.0, 0.125)


def test_a_slow_disk_is_measured_with_less(tmp_path):
    slow = itertools.count(0.0, 2.0)

    assert disk_speed.measure(tmp_path, lambda: next(slow)).read == 2 << 16


def test_a_disk_that_fails_leaves_nothing(tmp_path, monkeypatch):
    def fail(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match="No space"):
        disk_speed.measure(tmp_path)

    assert list(tmp_path.iterdir()) == []
