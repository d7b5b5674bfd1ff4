"""An SVG document as a file: as it is, or drawn into a PNG by Qt, which is imported only then.

Offscreen: the command line draws no window, and on a machine without a screen there is none to ask.
"""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import KnownError

_SCALE = 2
"""Pixels per point, as on a Retina screen."""


def place(name: str) -> Path:
    """Where a picture goes, looked at before any work is done.

    Raises:
        KnownError: it is no kind of picture that can be drawn, or its folder is not there.
    """
    path = Path(name)
    if path.suffix.lower() not in {".svg", ".png"}:
        raise KnownError(f"{path.name} is neither SVG nor PNG.", "Give a name that ends in .svg or .png.")
    if not path.absolute().parent.is_dir():
        raise KnownError(f"There is no folder {path.absolute().parent}.", "Create it first.")
    return path


def save(path: Path, svg: str) -> None:
    """Raises KnownError: the place refuses it."""
    content = svg.encode("utf-8") if path.suffix.lower() == ".svg" else _drawn(svg)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise KnownError(f"{path} could not be written ({error.strerror}).", "Choose another place.") from error


def _drawn(svg: str) -> bytes:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QBuffer, QByteArray, QIODevice
    from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication.instance() or QGuiApplication([])  # fonts need one, for as long as it is drawn
    renderer = QSvgRenderer(svg.encode("utf-8"))
    image = QImage(renderer.defaultSize() * _SCALE, QImage.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"png"))
    writer.write(image)
    del application
    return bytes(buffer.data().data())
