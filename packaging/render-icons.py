"""Renders the app's icon in every size, from resources/app_icon by QtSvg: `python packaging/render-icons.py FOLDER`.

Makes what two of Apple's tools take: Cadre.iconset (iconutil; light, the look that every macOS shows) and Cadre.icon
(actool of Xcode 26; light, dark and tinted, with the ground as a fill of its own). And for whoever looks: each look in
each size, and the menu bar's masks. Needs no screen and no Mac. Nothing of it belongs into the repository.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SOURCES = Path(__file__).parents[1] / "resources" / "app_icon"
LOOKS = ("light", "dark", "tinted")
PIXELS = (16, 32, 64, 128, 256, 512, 1024)
TINY, SMALL = 16, 64
MENU_BAR = {"menu-bar": 18, "menu-bar-busy": 18}
POINTS = (16, 32, 128, 256, 512)
CANVAS, BODY = 1024, 824
"""Of the drawings: the icon's body lies in the middle of the canvas, as Apple's grid has it."""
GROUNDS = {"light": ("5b7cff", "2b2fa8"), "dark": ("2c2f3a", "12131a"), "tinted": ("333333", "161616")}


def main(folder: Path) -> None:
    for look in LOOKS:
        for pixels in PIXELS:
            keep(folder / f"{look}-{pixels}.png", png(drawing(look, pixels), pixels))
    for name, points in MENU_BAR.items():
        for density in (1, 2, 3):
            mark = f"@{density}x" if density > 1 else ""
            keep(folder / f"{name}Template{mark}.png", png(SOURCES / f"{name}.svg", points * density))
    for points in POINTS:
        for density, mark in ((1, ""), (2, "@2x")):
            pixels = points * density
            keep(folder / "Cadre.iconset" / f"icon_{points}x{points}{mark}.png", png(drawing("light", pixels), pixels))
    for look in LOOKS:
        keep(folder / "Cadre.icon" / "Assets" / f"{look}.png", glyph(SOURCES / f"{look}.svg"))
    keep(folder / "Cadre.icon" / "icon.json", json.dumps(layered(), indent=2).encode())


def keep(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def drawing(look: str, pixels: int) -> Path:
    """Each size from the drawing that was made for it."""
    kind = "-tiny" if pixels <= TINY else "-small" if pixels <= SMALL else ""
    return SOURCES / f"{look}{kind}.svg"


def png(source: Path, pixels: int) -> bytes:
    return drawn(QSvgRenderer(str(source)), pixels, QRectF(0, 0, pixels, pixels))


def glyph(source: Path) -> bytes:
    """Without the ground, and as much larger as the body is smaller than the canvas: the system draws the body."""
    renderer = QSvgRenderer(str(source))
    bounds = renderer.boundsOnElement("glyph")
    larger = CANVAS / BODY
    middle = CANVAS / 2
    where = QRectF(
        middle + (bounds.x() - middle) * larger,
        middle + (bounds.y() - middle) * larger,
        bounds.width() * larger,
        bounds.height() * larger,
    )
    return drawn(renderer, CANVAS, where, "glyph")


def drawn(renderer: QSvgRenderer, pixels: int, where: QRectF, element: str = "") -> bytes:
    if not renderer.isValid() or (element and not renderer.elementExists(element)):
        sys.exit("QtSvg cannot draw an icon.")
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if element:
        renderer.render(painter, element, where)
    else:
        renderer.render(painter, where)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def layered() -> dict[str, Any]:
    """What Icon Composer would write: a fill and one layer, each of them told apart by the system's look."""
    return {
        "fill-specializations": [
            {**_when(look), "value": {"linear-gradient": [_colour(top), _colour(bottom)]}}
            for look, (top, bottom) in GROUNDS.items()
        ],
        "groups": [
            {
                "layers": [
                    {
                        "name": "glyph",
                        "glass": False,
                        "image-name-specializations": [{**_when(look), "value": f"{look}.png"} for look in LOOKS],
                    }
                ],
                "shadow": {"kind": "neutral", "opacity": 0.3},
                "translucency": {"enabled": False, "value": 0.5},
            }
        ],
        "supported-platforms": {"squares": ["macOS"]},
    }


def _when(look: str) -> dict[str, str]:
    return {} if look == "light" else {"appearance": look}


def _colour(rgb: str) -> str:
    parts = [int(rgb[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    return "srgb:" + ",".join(f"{part:.5f}" for part in (*parts, 1.0))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: render-icons.py FOLDER")
    application = QGuiApplication(sys.argv[:1])
    main(Path(sys.argv[1]))
