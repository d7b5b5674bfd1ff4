"""Pictures of the app: small, and the same each time. What the engine answers is not pictured here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from PySide6.QtGui import QColor, QImage

from app.lab.pictures import small_png
from app.lab.pictures.__main__ import MOST

ROOT = Path(__file__).parents[2]


def painted(pixels) -> QImage:
    height, width, _ = pixels.shape
    return QImage(np.ascontiguousarray(pixels).data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def test_few_colours_stay_as_they_are(qapp, tmp_path):
    chance = np.random.default_rng(0)
    pixels = (chance.integers(0, 4, (40, 30, 3)) * 80).astype(np.uint8)

    small_png.save(painted(pixels), tmp_path / "a.png")

    read = QImage(str(tmp_path / "a.png"))
    found = [[QColor(read.pixel(x, y)) for x in range(30)] for y in range(40)]
    assert [[[c.red(), c.green(), c.blue()] for c in row] for row in found] == pixels.tolist()
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_of_many_colours_the_frequent_ones_stay_and_the_rest_comes_near():
    ramp = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=2)
    pixels = np.concatenate([ramp, np.zeros((256, 256, 1), np.int64)], axis=2).astype(np.uint8)
    pixels[:100] = (10, 108, 223)

    table, indexes = small_png.reduced(pixels)

    assert len(table) == 256
    assert (table[indexes[:100]] == (10, 108, 223)).all()
    away = np.abs(table[indexes].astype(int) - pixels.astype(int)).max(axis=2)
    assert np.median(away) < 64


def test_a_picture_is_the_same_each_time(tmp_path):
    """Of another process each; the first start needs no engine."""
    code = [sys.executable, "-m", "app.lab.pictures", "--only", "first-start", "--themes", "light", "--out"]
    for name in ("one", "two"):
        done = subprocess.run([*code, str(tmp_path / name)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    one, two = (tmp_path / name / "first-start-light.png" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size < MOST
    image = QImage(str(one))
    assert (image.width(), image.height()) == (2240, 1400)
