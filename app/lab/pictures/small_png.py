"""A picture as a small PNG: at most 256 colours, which suffice for plain areas and text. Knows nothing of the app."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

_COLOURS = 256
_STEP = 4
"""Colours of one channel this close count as one while the most frequent are looked for."""

Pixels = npt.NDArray[np.uint8]


def save(image: QImage, path: Path) -> int:
    """Written whole or not at all; returns its bytes.

    Raises:
        OSError: it cannot be written.
    """
    pixels = _pixels(image)
    table, indexes = reduced(pixels)
    height, width = indexes.shape
    small = QImage(indexes.data, width, height, width, QImage.Format.Format_Indexed8)
    small.setColorTable([0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in table])
    part = path.with_suffix(".part")
    if not small.save(str(part), "PNG", 0):  # type: ignore[call-overload]  # PySide's stubs want bytes for the format
        raise OSError(f"{path} could not be written")
    part.replace(path)
    return path.stat().st_size


def _pixels(image: QImage) -> Pixels:
    """[height, width, 3]: red, green, blue."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()  # outlives the image


def reduced(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The table [n, 3] of at most 256 colours and each pixel's index [height, width].

    The most frequent colours are kept as they are; every other becomes the nearest of them.
    """
    flat = pixels.reshape(-1, 3).astype(np.uint32)
    colours, where, counts = np.unique(
        flat[:, 0] << 16 | flat[:, 1] << 8 | flat[:, 2], return_inverse=True, return_counts=True
    )
    table = _most_frequent(_parts(colours), counts)
    nearest = np.concatenate([_nearest(part, table) for part in np.array_split(_parts(colours), 16)])
    return table.astype(np.uint8), nearest[where].astype(np.uint8).reshape(pixels.shape[:2])


def _parts(colours: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    return np.stack([colours >> 16 & 255, colours >> 8 & 255, colours & 255], axis=1).astype(np.int32)


def _most_frequent(colours: npt.NDArray[np.int32], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """One of every group of like colours, the largest groups first: its own most frequent."""
    order = np.argsort(-counts, kind="stable")
    _, first, group = np.unique(colours[order] // _STEP, axis=0, return_index=True, return_inverse=True)
    sizes = np.bincount(group.reshape(-1), weights=counts[order])
    largest = np.argsort(-sizes, kind="stable")[:_COLOURS]
    kept: npt.NDArray[np.int32] = colours[order][np.sort(first[largest])]
    return kept


def _nearest(colours: npt.NDArray[np.int32], table: npt.NDArray[np.int32]) -> npt.NDArray[np.intp]:
    away = ((colours[:, None, :] - table[None, :, :]) ** 2).sum(axis=2)
    nearest: npt.NDArray[np.intp] = away.argmin(axis=1)
    return nearest
